// What the tests send.
import { randomBytes } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random bytes, each of them a character of `alphabet`. */
function randomText(bytes: number, alphabet: string): Buffer {
  const made = randomBytes(bytes);
  for (const [i, byte] of made.entries()) made[i] = alphabet.charCodeAt(byte % alphabet.length);
  return made;
}

export function letters(bytes: number): Buffer {
  return randomText(bytes, LETTERS);
}

export function alphanumerics(bytes: number): Buffer {
  return randomText(bytes, `${LETTERS}0123456789`);
}

export const COURSE_TEXT_NAME = 'Go Tigers!.txt';
const COURSE_TEXT_BYTES = 57_964;

/** What a course hands out: UTF-8 with a byte-order mark, CRLF lines, letters of many scripts. */
export function courseText(): Buffer {
  const line = 'Go Tigers! Löwen, тигры, 虎, λόγος, señal, 🐯\r\n';
  const count = Math.floor((COURSE_TEXT_BYTES - 100) / Buffer.byteLength(line));
  const text = Buffer.from(`\uFEFF${line.repeat(count)}`);
  const last = Buffer.from(`${'!'.repeat(COURSE_TEXT_BYTES - text.length - 2)}\r\n`);
  return Buffer.concat([text, last]);
}

/** The lines of a text, sorted, for messages that may have been printed in any order. */
export function sortedLines(text: Buffer): string[] {
  return text.toString('latin1').split('\n').sort();
}

const PATTERN = randomBytes(2 ** 20);
const HEADER_BYTES = 16;

/** Byte `at` of message `number`'s body is here: another place for each message. */
function patternIndex(number: number, at: number): number {
  return (number * 65_537 + at) % PATTERN.length;
}

/**
 * A message of any length that says which it is, so that a {@link MessageReader} can tell whether
 * it is whole: its number, its body's length, and a body that repeats only after 1 MiB.
 */
export function* numberedMessage(number: number, bodyBytes: number): Generator<Buffer> {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeDoubleLE(number, 0);
  header.writeDoubleLE(bodyBytes, 8);
  yield header;
  for (let at = 0; at < bodyBytes;) {
    const from = patternIndex(number, at);
    const chunk = PATTERN.subarray(from, from + bodyBytes - at);
    yield chunk;
    at += chunk.length;
  }
}

/** Checks a stream of numbered messages, of which it keeps nothing. */
export class MessageReader {
  /** The numbers of the messages that came whole, in their order. */
  readonly numbers: number[] = [];
  bytes = 0;
  /** What was wrong first. */
  problem: string | null = null;
  private header = Buffer.alloc(0);
  private number = 0;
  private bodyBytes = 0;
  private at = 0;

  push(data: Buffer): void {
    this.bytes += data.length;
    while (data.length > 0 && this.problem === null) data = this.take(data);
  }

  /** Whether it stands between two messages. */
  get betweenMessages(): boolean {
    return this.header.length === 0 && this.problem === null;
  }

  private take(data: Buffer): Buffer {
    if (this.header.length < HEADER_BYTES) {
      const missing = HEADER_BYTES - this.header.length;
      this.header = Buffer.concat([this.header, data.subarray(0, missing)]);
      if (this.header.length < HEADER_BYTES) return Buffer.alloc(0);
      this.number = this.header.readDoubleLE(0);
      this.bodyBytes = this.header.readDoubleLE(8);
      this.at = 0;
      this.endMessage();
      return data.subarray(missing);
    }
    const from = patternIndex(this.number, this.at);
    const expected = PATTERN.subarray(from, from + this.bodyBytes - this.at);
    const length = Math.min(expected.length, data.length);
    if (expected.compare(data, 0, length, 0, length) !== 0) {
      this.problem = `message ${this.number} is wrong within ${length} bytes of byte ${this.at}`;
    }
    this.at += length;
    this.endMessage();
    return data.subarray(length);
  }

  private endMessage(): void {
    if (this.at < this.bodyBytes) return;
    this.numbers.push(this.number);
    this.header = Buffer.alloc(0);
  }
}
