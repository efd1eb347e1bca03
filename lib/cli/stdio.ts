// Descriptors 0, 1 and 2 by plain reads and writes. process.stdin, process.stdout and
// process.stderr are never touched: merely looking at one of them makes a pipe that is shared with
// other programs non-blocking, or installs a listener for SIGWINCH.
import { fstatSync, readSync, writeSync, type Stats } from 'node:fs';
import { lazy } from './lazy.js';

/** Reads what there is, waiting where the descriptor is non-blocking. 0 at the end of the input. */
export function readSome(fd: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.byteLength, null);
    } catch (error) {
      if (!isTemporary(error)) throw error;
      lazy.wait().waitReadable(fd);
    }
  }
}

/**
 * Writes all of it, waiting where the descriptor is non-blocking.
 * @param timeoutMs the longest wait for the reader to make room; what is left is then dropped
 */
export function writeAll(fd: number, data: string | Uint8Array, timeoutMs = -1): void {
  let rest = typeof data === 'string' ? Buffer.from(data) : data;
  while (rest.byteLength > 0) {
    // A blocking descriptor would wait in the write itself.
    if (timeoutMs >= 0 && !lazy.wait().waitWritable(fd, timeoutMs)) return;
    try {
      rest = rest.subarray(writeSync(fd, rest, 0, rest.byteLength));
    } catch (error) {
      if (!isTemporary(error)) throw error;
      if (!lazy.wait().waitWritable(fd, timeoutMs)) return;
    }
  }
}

export function isTerminal(fd: number): boolean {
  // node:tty takes a millisecond to load, which only a character device is worth.
  return statOf(fd)?.isCharacterDevice() === true && lazy.tty().isatty(fd);
}

/** Both lead to one file, pipe or terminal, so that what is written to them mixes. */
export function sameFile(fd1: number, fd2: number): boolean {
  const [a, b] = [statOf(fd1), statOf(fd2)];
  return a !== null && b !== null && a.dev === b.dev && a.ino === b.ino;
}

export function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null;
  }
}

function isTemporary(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EAGAIN' || code === 'EINTR';
}
