// What a command says on stderr.
import { getSystemErrorMap } from 'node:util';
import { writeAll } from './stdio.js';

/** How long a diagnostic waits for a reader of stderr who does not read. */
const STDERR_PATIENCE_MS = 1000;

/** Something was refused: `message` is the whole line for the user; exit status 1. */
export class Failure extends Error {}

/** Writes the line to stderr. A stderr that is closed or full is no reason to fail. */
export function say(command: string, text: string): void {
  try {
    writeAll(2, `${command}: ${text}\n`, STDERR_PATIENCE_MS);
  } catch {
    // Nobody can be told.
  }
}

/** `EACCES (permission denied)` */
export function errorText(code: string): string {
  const words = WORDS[code] ?? messageOf(code);
  return words === null ? code : `${code} (${words})`;
}

/** `send 127.0.0.1:5000: ECONNRESET (connection reset by peer)`. */
export function failureText(syscall: string, where: string, code: string): string {
  return `${[syscall, where].filter((part) => part !== '').join(' ')}: ${errorText(code)}`;
}

/** `127.0.0.1:5000`, `[::1]:5000`. */
export function endpoint(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `1 byte`, `2 bytes`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

// Where Node's table has no entry or says less than the C library does.
const WORDS: Record<string, string> = {
  EISDIR: 'is a directory',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server does not answer',
  EAI_FAIL: 'the name server failed',
  ENODATA: 'the name has no address',
  EAI_NODATA: 'the name has no address',
  EAI_ADDRFAMILY: 'the name has no address of this family',
};

function messageOf(code: string): string | null {
  for (const [name, message] of getSystemErrorMap().values()) {
    if (name === code) return message;
  }
  return null;
}
