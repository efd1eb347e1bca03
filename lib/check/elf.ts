// What an executable file is, as far as it matters for loading a library before it.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183, arm: 40, ia32: 3 };
const PT_INTERP = 3;
const PT_NOTE = 4;
const MOST_HEADERS = 128;
const LONGEST_LINE = 256;
const SCRIPTS_DEEP = 5;
/** The name in the note that the Go linker writes. */
const GO_NOTE = Buffer.from('Go\0\0');

/** The file that a command's first word names, by way of the PATH; null where there is none. */
export function findProgram(name: string, directory: string, path: string): string | null {
  const candidates = name.includes('/')
    ? [resolve(directory, name)]
    : path.split(delimiter).map((folder) => resolve(directory, folder, name));
  return candidates.find((file) => statSync(file, { throwIfNoEntry: false })?.isFile()) ?? null;
}

/**
 * Why a library that is preloaded would see nothing of this program, or null where it will. Of a
 * script it is the interpreter that counts; what that starts in turn cannot be known beforehand.
 */
export function whyNotPreloaded(
  words: readonly string[],
  directory: string,
  path: string,
): string | null {
  let name = words[0] ?? '';
  for (let depth = 0; depth < SCRIPTS_DEEP; depth++) {
    const file = findProgram(name, directory, path);
    if (file === null) return `there is no ${name}`;
    const opened = open(file);
    if (opened === null) return `${name} cannot be read`;
    try {
      const interpreter = interpreterOf(opened);
      if (interpreter === null) return whyNotElf(name, file, opened);
      name = interpreter;
    } finally {
      closeSync(opened);
    }
  }
  return null;
}

function open(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch {
    return null;
  }
}

function read(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
}

/** The program that runs a script: the word after `#!`, or after `env`; null for other files. */
function interpreterOf(fd: number): string | null {
  const [first = ''] = read(fd, 0, LONGEST_LINE).toString('latin1').split('\n', 1);
  if (!first.startsWith('#!')) return null;
  const [program = '', ...args] = first.slice(2).trim().split(/\s+/);
  if (!program.endsWith('/env')) return program;
  return args.find((word) => !word.startsWith('-') && !word.includes('=')) ?? program;
}

function whyNotElf(name: string, file: string, fd: number): string | null {
  const header = read(fd, 0, 64);
  if (header.length < 64 || header.toString('latin1', 0, 4) !== '\x7fELF') {
    return `${name} is neither a program for this system nor a script`;
  }
  const machine = header.readUInt16LE(18);
  if (header[4] !== 2 || header[5] !== 1 || machine !== MACHINES[process.arch]) {
    return `${name} is made for another processor than ${process.arch}`;
  }
  if ((statSync(file).mode & 0o6000) !== 0) {
    return `${name} is set-user-ID or set-group-ID, and such programs take no library`;
  }
  const headers = programHeaders(fd, header);
  const isGo = headers.some(
    ({ type, offset, size }) =>
      type === PT_NOTE && read(fd, offset, Math.min(size, 4096)).includes(GO_NOTE),
  );
  if (isGo) return `${name} is a Go program, which makes its system calls without the C library`;
  const interpreter = headers.find(({ type }) => type === PT_INTERP);
  if (interpreter === undefined) {
    return `${name} is linked statically, so no library can be loaded before it`;
  }
  const loader = read(fd, interpreter.offset, Math.min(interpreter.size, 4096)).toString('latin1');
  const isGlibc = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const here = isGlibc.header?.glibcVersionRuntime !== undefined;
  if (loader.includes('musl') === here) return `${name} uses another C library than sockcheck`;
  return null;
}

interface ProgramHeader {
  type: number;
  offset: number;
  size: number;
}

function programHeaders(fd: number, header: Buffer): ProgramHeader[] {
  const table = Number(header.readBigUInt64LE(32));
  const entry = header.readUInt16LE(54);
  const count = Math.min(header.readUInt16LE(56), MOST_HEADERS);
  if (entry < 56) return [];
  return Array.from({ length: count }, (_, index) => read(fd, table + index * entry, 56))
    .filter((bytes) => bytes.length === 56)
    .map((bytes) => ({
      type: bytes.readUInt32LE(0),
      offset: Number(bytes.readBigUInt64LE(8)),
      size: Number(bytes.readBigUInt64LE(32)),
    }));
}
