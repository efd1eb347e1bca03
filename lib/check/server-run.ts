// A server that listens, and what it prints.
import { expectSame } from './compare.js';
import { CaseFailure } from './failure.js';
import { until } from './pace.js';
import { describeEnd, type Program } from './program.js';
import { Stillness } from './stillness.js';
import type { Trial } from './trial.js';

const PATIENCE_MS = 20_000;
const QUIET_MS = 40;
/** Not longer, for a server that is never quiet. */
const QUIET_PATIENCE_MS = 3000;
const END_PATIENCE_MS = 3000;

export interface PrintedOptions {
  /** How an explanation begins: `Your client sent`. */
  who?: string;
  /** Programs that it may be waiting for. */
  beside?: readonly Program[];
}

export class ServerRun {
  constructor(
    readonly trial: Trial,
    readonly program: Program,
    readonly port: number,
  ) {}

  get name(): string {
    const { title } = this.program;
    return title.charAt(0).toUpperCase() + title.slice(1);
  }

  /** @throws CaseFailure where it has ended */
  expectAlive(when: string): void {
    if (this.program.end !== null) this.#sayEnded(when);
  }

  #sayEnded(when: string): never {
    const { end, violation } = this.program;
    const how = end === null ? 'ended' : describeEnd(end);
    const reason = violation === '' ? '' : ` ${violation}`;
    throw new CaseFailure(
      `${this.name} ${how} ${when}, but only a signal from outside may end it.${reason}`,
      this.program.evidence(),
    );
  }

  /**
   * Waits until so many bytes are printed, for as long as something goes on; gives how many are. `beside`:
   * programs that it may be waiting for.
   */
  async printed(bytes: number, beside: readonly Program[] = [], longMs?: number): Promise<number> {
    const { program } = this;
    const stillness = new Stillness([program, ...beside]);
    let last = -1;
    for (;;) {
      const over = await until(PATIENCE_MS, () => {
        if (program.size >= bytes || program.end !== null) return true;
        return stillness.isLong(program.size, longMs);
      });
      if (over === true || program.size === last) return program.size;
      last = program.size;
    }
  }

  /** Waits until this is printed, in one piece, whatever else there is. */
  async printedPart(part: Buffer): Promise<boolean> {
    const { program } = this;
    const stillness = new Stillness([program]);
    const isThere = () => program.output.includes(part);
    await until(PATIENCE_MS, () => {
      return program.end !== null || stillness.isLong(program.size) || isThere();
    });
    return isThere();
  }

  /** Waits until no thread of it has anything to do. */
  async quiet(): Promise<void> {
    const stillness = new Stillness([this.program]);
    await until(QUIET_PATIENCE_MS, () => stillness.isLong(this.program.size, QUIET_MS));
  }

  /** Ends it by SIGTERM once it is quiet; everything that it has printed. */
  async finish(): Promise<Buffer> {
    await this.quiet();
    this.program.signal('SIGTERM');
    await this.program.ended(END_PATIENCE_MS);
    return this.program.output;
  }

  /** @throws CaseFailure unless this has been printed, now, and nothing else */
  async expectPrinted(expected: Buffer, options: PrintedOptions = {}): Promise<void> {
    const { who = `${this.name} printed`, beside = [] } = options;
    const printed = await this.printed(expected.length, beside);
    if (printed < expected.length) this.expectAlive('while it was serving its clients');
    expectSame(who, expected, await this.#settled(printed, expected));
  }

  async #settled(printed: number, expected: Buffer): Promise<Buffer> {
    if (printed >= expected.length) return this.finish();
    const before = this.program.output;
    // Python, for one, still writes its buffers when it is interrupted.
    this.program.signal('SIGINT');
    await this.program.ended(END_PATIENCE_MS);
    const after = this.program.output;
    if (before.equals(after) || !after.subarray(0, expected.length).equals(expected)) return before;
    throw new CaseFailure(
      `${this.name} holds its output back: ${before.length} of ${expected.length} bytes were printed until it was ended, and the rest only then. Flush after each message (fflush(stdout), sys.stdout.flush()).`,
    );
  }
}
