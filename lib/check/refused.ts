// Programs that are to notice that something is wrong.
import { CaseFailure } from './failure.js';
import { until } from './pace.js';
import { describeEnd, type Program } from './program.js';
import { Stillness } from './stillness.js';

const PATIENCE_MS = 60_000;

/** It has to end by itself, in good order, with a status that is not 0. */
export async function expectRefusal(program: Program, how: string): Promise<void> {
  const who = program.title === 'your server' ? 'Your server' : 'Your client';
  const stillness = new Stillness([program]);
  await until(PATIENCE_MS, () => program.end !== null || stillness.isLong(0));
  const { end } = program;
  if (end === null) {
    throw new CaseFailure(
      `${who} was started ${how} and goes on running. It must notice that, say so on stderr and exit with a status other than 0.`,
      program.evidence(),
    );
  }
  if (end.signal !== null) {
    const reason = program.violation === '' ? '' : ` ${program.violation}`;
    throw new CaseFailure(
      `${who} was started ${how} and ${describeEnd(end)}. It must look at its arguments before it uses them (argc, len(sys.argv), args.length), and exit with a status other than 0.${reason}`,
      program.evidence(),
    );
  }
  if (end.code === 0) {
    throw new CaseFailure(
      `${who} was started ${how} and exited with status 0, which means success. Use another status: exit(1), sys.exit(1), System.exit(1).`,
      program.evidence(),
    );
  }
}
