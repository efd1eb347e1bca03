// Two messages that should be the same: where they differ, and which mistake makes such a difference.
import { CaseFailure } from './failure.js';
import type { Difference } from './result.js';

const CONTEXT = 48;
const BEFORE = 16;

export function difference(title: string, expected: Buffer, actual: Buffer): Difference {
  const offset = firstDifference(expected, actual);
  const start = Math.max(0, offset - BEFORE);
  const part = (bytes: Buffer) => bytes.subarray(start, start + CONTEXT).toString('base64');
  return {
    kind: 'difference',
    title,
    offset,
    expectedBytes: expected.length,
    actualBytes: actual.length,
    start,
    expected: part(expected),
    actual: part(actual),
  };
}

/** The offset of the first byte that is not the same; the shorter length where one begins the other. */
export function firstDifference(expected: Buffer, actual: Buffer): number {
  const length = Math.min(expected.length, actual.length);
  const step = 65_536;
  let at = 0;
  while (at + step <= length && expected.compare(actual, at, at + step, at, at + step) === 0) {
    at += step;
  }
  while (at < length && expected[at] === actual[at]) at++;
  return at;
}

/**
 * @param who `Your server printed`, `Your client sent`
 * @throws CaseFailure where they are not the same
 */
export function expectSame(who: string, expected: Buffer, actual: Buffer): void {
  if (expected.equals(actual)) return;
  const shown = difference(`${who} something else`, expected, actual);
  const of = `${actual.length} bytes instead of ${expected.length}`;
  throw new CaseFailure(`${who} ${of}. ${mistake(expected, actual, shown.offset)}`, [shown]);
}

/** The most likely mistake, in whole sentences. */
function mistake(expected: Buffer, actual: Buffer, offset: number): string {
  if (actual.length === 0) return 'Nothing came out at all.';
  for (const { applies, text } of PATTERNS) if (applies(expected, actual)) return text;
  if (offset === expected.length) {
    return `The message is complete, and ${actual.length - offset} more bytes follow that nobody sent. Print exactly the bytes that were received: as many as recv() returned, and no terminating byte, newline or leftover of a buffer.`;
  }
  if (offset === actual.length) return cutShort(expected, offset);
  return `The first difference is at byte ${offset}.`;
}

function cutShort(expected: Buffer, offset: number): string {
  const missing = `The last ${expected.length - offset} bytes are missing.`;
  if (expected.indexOf(0) === offset) {
    return `${missing} It stops at the first NUL byte: strlen(), "%s" and strcpy() take that for the end. Use the count that read() and recv() return.`;
  }
  if (offset >= 512 && offset % 512 === 0) {
    return `${missing} It stops after ${offset} bytes, the size of a buffer: one read(), recv() or send() does not move a whole message. Repeat until it returns 0 at the end, and send again what a short send() has left over.`;
  }
  return `${missing} The end was lost or not waited for: go on until recv() returns 0, send what is left over of a short send(), and close only then.`;
}

interface Pattern {
  applies: (expected: Buffer, actual: Buffer) => boolean;
  text: string;
}

const text = (bytes: Buffer) => bytes.toString('latin1');
const same = (actual: Buffer, made: string) =>
  actual.length === made.length && text(actual) === made;

// In this order: the narrower before the wider.
const PATTERNS: readonly Pattern[] = [
  {
    applies: (expected, actual) => same(actual, text(expected) + '\n'),
    text: 'A newline is added at the end that is not part of the message: println() and print() do that. Write the bytes as they are (Python: sys.stdout.buffer.write; Java: System.out.write; C: write or fwrite).',
  },
  {
    applies: (expected, actual) => same(actual, text(expected) + '\0'),
    text: 'A NUL byte is added at the end: the terminating byte of a C string is no part of the message.',
  },
  {
    applies: (expected, actual) => /^b['"]/.test(text(actual)) && !text(expected).startsWith('b'),
    text: "That is how Python shows bytes (b'...'), and not the bytes themselves: use sys.stdout.buffer.write(data).",
  },
  {
    applies: (expected, actual) => same(actual, text(expected).replace(/\r\n/g, '\n')),
    text: 'Every CR LF was turned into LF: that is what reading or writing in text mode does. Use binary mode (Python: sys.stdin.buffer, sys.stdout.buffer).',
  },
  {
    applies: (expected, actual) => same(actual, text(expected).replace(/\r\n?/g, '\n')),
    text: 'Every carriage return was turned into a newline: that is what reading in text mode does. Use binary mode (Python: sys.stdin.buffer).',
  },
  {
    applies: (expected, actual) => same(actual, text(expected).replace(/\r/g, '')),
    text: 'The carriage returns are gone. They are part of the message, like every other byte.',
  },
  {
    applies: (expected, actual) => same(actual, text(expected).replace(/^\xef\xbb\xbf/, '')),
    text: 'The byte-order mark at the start is gone: the decoder (utf-8-sig, TextDecoder) took it away. Do not decode; pass the bytes on.',
  },
  {
    applies: (expected, actual) => same(actual, text(expected).replace(/\0/g, '')),
    text: 'The NUL bytes are gone. They are part of the message, like every other byte.',
  },
  {
    applies: (expected, actual) => same(actual, text(expected).trim()),
    text: 'The white space at the ends is gone: strip(), trim() or a cut newline. It is part of the message.',
  },
  {
    applies: (expected, actual) => same(actual, text(expected).trimEnd()),
    text: 'The white space at the end is gone: rstrip(), trimEnd() or a cut newline. It is part of the message.',
  },
  {
    applies: (expected, actual) => actual.equals(Buffer.from(text(expected), 'utf8')),
    text: 'Each byte above 127 became two: the bytes were taken for Latin-1 characters and written as UTF-8. Do not decode; pass the bytes on.',
  },
  {
    applies: (_, actual) => actual.includes('\ufffd'),
    text: 'Some bytes became the replacement character U+FFFD: the message was decoded as UTF-8, and not all of it is. A character can also lie across two chunks. Do not decode; pass the bytes on.',
  },
  {
    applies: (expected, actual) => {
      if (actual.length <= expected.length || !actual.includes('\n')) return false;
      const bare = (bytes: Buffer) => text(bytes).replace(/\n/g, '');
      return bare(actual) === bare(expected);
    },
    text: 'Newlines are added that are no part of the message, perhaps one after each chunk that was received.',
  },
  {
    applies: (expected, actual) => {
      if (actual.length >= expected.length) return false;
      const bare = (bytes: Buffer) => text(bytes).replace(/\n/g, '');
      return bare(actual) === bare(expected);
    },
    text: 'Newlines of the message are missing: reading line by line drops them, and the last line may have none.',
  },
  {
    applies: (expected, actual) =>
      actual.length > expected.length &&
      actual.subarray(0, expected.length).equals(expected) &&
      actual.subarray(expected.length).every((byte) => byte === 0),
    text: 'NUL bytes follow the message: the whole buffer is passed on, and not only the part that was filled in. Use the count that read() and recv() return.',
  },
];
