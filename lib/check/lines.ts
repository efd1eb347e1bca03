// Lines of several clients: each must be there once, whole, in whatever order.
import { difference } from './compare.js';
import { CaseFailure } from './failure.js';

const NAME_BYTES = 12;

export function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at);
    const next = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(at, next));
    at = next;
  }
  return lines;
}

/**
 * @param who `Your server printed`
 * @throws CaseFailure where a line is missing, cut, mixed, or there twice
 */
export function expectLines(who: string, sent: readonly Buffer[], output: Buffer): void {
  const waiting = new Map(sent.map((line) => [line.toString('latin1'), line]));
  const strange = splitLines(output).filter((line) => !waiting.delete(line.toString('latin1')));
  if (waiting.size === 0 && strange.length === 0) return;
  const [first] = strange;
  const missing = [...waiting.values()];
  const whole = `${sent.length - missing.length} of ${sent.length} messages whole`;
  if (first === undefined) {
    throw new CaseFailure(`${who} ${whole}, and nothing of the others.`);
  }
  const start = first.subarray(0, NAME_BYTES).toString('latin1');
  const meant = missing.find((line) => line.toString('latin1').startsWith(start)) ?? missing[0];
  const shown = difference('A line that nobody sent', meant ?? Buffer.alloc(0), first);
  const parts = missing.filter((line) => includesPart(first, line)).length;
  const reason =
    parts > 1
      ? `A line has pieces of ${parts} clients in it: collect each client's message, and print it in one go under a lock (pthread_mutex_lock, threading.Lock, synchronized).`
      : missing.length === 0
        ? 'There is more output than was sent.'
        : 'A line is not as it was sent: collect the whole message and print it in one go.';
  throw new CaseFailure(`${who} ${whole}. ${reason}`, [shown]);
}

/** Random letters: some bytes in a row are of one line only. */
function includesPart(mixed: Buffer, line: Buffer): boolean {
  for (let at = 0; at + NAME_BYTES <= line.length; at += NAME_BYTES * 4) {
    if (mixed.includes(line.subarray(at, at + NAME_BYTES))) return true;
  }
  return false;
}
