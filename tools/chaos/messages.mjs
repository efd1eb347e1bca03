// Messages that tell by themselves whether they are whole, and the oracle that reads them.
//
// A message is a header and a body. The header is MARK and a line: the message's number, its body's
// length and SHA-256. The body has every byte but MARK, so that a message which was cut off (its
// client left) ends where the next begins.
import { createHash } from 'node:crypto';
import { random } from './random.mjs';

const MARK = 0x1e;
const HEADER_MOST = 128;
// Larger than any block or buffer of the server, and a multiple of none.
const PATTERN = Buffer.alloc(2 ** 20 + 7);
{
  const numbers = random(1);
  for (let i = 0; i < PATTERN.length; i++) PATTERN[i] = numbers.next();
  for (let i = 0; i < PATTERN.length; i++) if (PATTERN[i] === MARK) PATTERN[i] = 0;
}

/** Each message's body begins at another place of the pattern. */
function place(number, at) {
  return (number * 65_537 + at) % PATTERN.length;
}

/** The body's bytes from `at` on, as many as one piece of the pattern has. */
function piece(number, at, length) {
  const from = place(number, at);
  return PATTERN.subarray(from, Math.min(PATTERN.length, from + length - at));
}

export function header(number, length) {
  const hash = createHash('sha256');
  for (const chunk of body(number, length)) hash.update(chunk);
  return Buffer.from(`${String.fromCharCode(MARK)}${number} ${length} ${hash.digest('hex')}\n`);
}

/** The first `length` bytes of message `number`'s body. */
export function* body(number, length) {
  for (let at = 0; at < length;) {
    const chunk = piece(number, at, length);
    yield chunk;
    at += chunk.length;
  }
}

/** Reads one server's output, in pieces of any size, and keeps none of it. */
export class Oracle {
  bytes = 0;
  problems = [];
  /** How often each message was printed whole, and those of which only a part was. */
  whole = new Map();
  parts = new Set();
  #line = null;
  #message = null;

  push(data) {
    this.bytes += data.length;
    while (data.length > 0) data = this.#line === null ? this.#body(data) : this.#header(data);
  }

  /** No more will come. */
  end() {
    this.#finish();
  }

  /** Up to the next MARK. */
  #body(data) {
    const mark = data.indexOf(MARK);
    const length = mark < 0 ? data.length : mark;
    const message = this.#message;
    if (length > 0) {
      if (message === null) this.#problem(`${length} bytes that belong to no message`);
      else this.#append(message, data.subarray(0, length));
    }
    if (mark < 0) return Buffer.alloc(0);
    this.#finish();
    this.#line = '';
    return data.subarray(mark + 1);
  }

  #header(data) {
    const end = data.indexOf(10);
    const mark = data.indexOf(MARK);
    // Cut off in its header, by a client that left.
    if (mark >= 0 && (end < 0 || mark < end)) {
      this.#line = '';
      return data.subarray(mark + 1);
    }
    this.#line += data.toString('latin1', 0, end < 0 ? data.length : end);
    if (end < 0) {
      if (this.#line.length <= HEADER_MOST) return Buffer.alloc(0);
      this.#problem('a header without an end');
      this.#line = null;
      return Buffer.alloc(0);
    }
    const [, number, length, digest] = /^(\d+) (\d+) ([0-9a-f]{64})$/.exec(this.#line) ?? [];
    if (digest === undefined) this.#problem(`not a header: ${JSON.stringify(this.#line)}`);
    else {
      const hash = createHash('sha256');
      this.#message = { number: Number(number), length: Number(length), digest, at: 0, hash };
    }
    this.#line = null;
    return data.subarray(end + 1);
  }

  #append(message, data) {
    if (message.bad) return;
    if (message.at + data.length > message.length) {
      message.bad = true;
      this.#problem(`message ${message.number} has more bytes than its ${message.length}`);
      return;
    }
    for (let at = 0; at < data.length;) {
      const end = message.at + data.length - at;
      const expected = piece(message.number, message.at, end);
      if (expected.compare(data, at, at + expected.length) !== 0) {
        message.bad = true;
        this.#problem(`message ${message.number} is wrong after byte ${message.at}`);
        return;
      }
      at += expected.length;
      message.at += expected.length;
    }
    message.hash.update(data);
  }

  #finish() {
    const message = this.#message;
    this.#message = null;
    if (message === null || message.bad) return;
    const { number, length, at, digest } = message;
    if (at < length) {
      this.parts.add(number);
      return;
    }
    if (message.hash.digest('hex') !== digest) this.#problem(`message ${number}: another hash`);
    this.whole.set(number, (this.whole.get(number) ?? 0) + 1);
  }

  #problem(text) {
    if (this.problems.length < 20) this.problems.push(`byte ${this.bytes} of the output: ${text}`);
  }
}
