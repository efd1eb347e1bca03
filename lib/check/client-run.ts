// A client that runs.
import { CaseFailure } from './failure.js';
import { until } from './pace.js';
import { describeEnd, type End, type Program } from './program.js';
import { Stillness } from './stillness.js';

const PATIENCE_MS = 20_000;

export class ClientRun {
  constructor(readonly program: Program) {}

  /**
   * Waits for its end, for as long as something goes on.
   * @param progress a number that changes as things go on
   * @param beside programs that it may be waiting for
   */
  async ended(progress: () => number, beside: readonly Program[] = []): Promise<End | null> {
    const { program } = this;
    const stillness = new Stillness([program, ...beside]);
    let last = progress();
    for (;;) {
      const over = await until(PATIENCE_MS, () => {
        if (program.end !== null) return 'ended';
        return stillness.isLong(progress()) ? 'still' : null;
      });
      if (over !== null || progress() === last) return program.end;
      last = progress();
    }
  }

  /** @throws CaseFailure where it did not end with status 0 */
  async succeeded(progress: () => number, beside: readonly Program[] = []): Promise<void> {
    const { program } = this;
    const end = await this.ended(progress, beside);
    if (end?.code === 0) return;
    const who = program.title.charAt(0).toUpperCase() + program.title.slice(1);
    if (program.violation !== '')
      throw new CaseFailure(`${who} was too greedy. ${program.violation}`);
    const how = end === null ? 'does not end after its message' : describeEnd(end);
    throw new CaseFailure(`${who} ${how}.`, program.evidence());
  }
}
