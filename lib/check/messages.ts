// What is sent: messages that a program with a certain mistake cannot get through whole.
import { randomBytes, randomInt } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BOM = '\ufeff';

/** Random letters, without an end of line. */
export function letters(bytes: number): Buffer {
  const random = randomBytes(bytes);
  return random.map((byte) => LETTERS.charCodeAt(byte % LETTERS.length)) as Buffer;
}

/** A line of random letters. */
export function line(bytes: number): Buffer {
  const text = letters(bytes);
  text[bytes - 1] = 0x0a;
  return text;
}

export function short(): Buffer {
  return Buffer.from(`Go Tigers! ${letters(6).toString()}\n`);
}

export function crlfWithBom(): Buffer {
  const rows = Array.from({ length: 200 }, (_, row) => `${row} ${letters(40).toString()}!`);
  return Buffer.from(`${BOM}${rows.join('\r\n')}\r\n`);
}

export function utf8(): Buffer {
  const words = [
    'naïve café',
    'Ελληνικά',
    'Русский',
    '日本語のテキスト',
    '🐯🧡',
    'e\u0301',
    '\u2028',
  ];
  const text = words.join(' ') + '\n';
  // Odd leading bytes, so that characters lie across the edges of any chunk size.
  return Buffer.from('x' + text.repeat(300));
}

/** NUL bytes in the middle, in a row, and at the end. */
export function withNuls(): Buffer {
  const zero = Buffer.from([0]);
  return Buffer.concat([
    Buffer.from('before'),
    zero,
    Buffer.from('after\n'),
    Buffer.alloc(5000),
    Buffer.from('the end'),
    zero,
  ]);
}

/** Each of the 256 bytes, in order and backwards. */
export function allBytes(): Buffer {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  return Buffer.concat([all, Buffer.from(all).reverse(), all]);
}

/** Random bytes, of a length that no chunk size divides. */
export function binary(about: number): Buffer {
  return randomBytes(about + randomInt(1, 500) * 2 + 1);
}

export function lettersAndDigits(bytes: number): Buffer {
  return Buffer.from(randomBytes(bytes).toString('base64').replace(/[+/=]/g, 'x').slice(0, bytes));
}

/** A long message that is made quickly, and no piece of which is like another. */
export function long(bytes: number): Buffer {
  const block = randomBytes(2 ** 20);
  const message = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; at += block.length) {
    block.writeUInt32BE(at, 0);
    block.copy(message, at);
  }
  return message;
}
