// Archives that students hand in, and Canvas's. Nothing gets outside the folder, nothing but plain
// files and folders is made, and no more than was allowed is written.
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { messageOf, Refusal } from '../refusal.js';
import { visibleLine } from '../visible.js';

/** What one archive may unpack to. */
export interface Allowance {
  files: number;
  bytes: number;
}

const KINDS = [
  [/\.zip$/i, unpackZip],
  [/\.(tar\.gz|tgz)$/i, (file, folder, left) => unpackTar(file, folder, left, true)],
  [/\.tar$/i, (file, folder, left) => unpackTar(file, folder, left, false)],
] as const satisfies [RegExp, (file: string, folder: string, left: Allowance) => Promise<void>][];

export function isArchive(name: string): boolean {
  return KINDS.some(([pattern]) => pattern.test(name));
}

/** @throws Refusal, and then the folder may hold a part */
export async function unpack(file: string, name: string, folder: string, most: Allowance) {
  const [, method] = KINDS.find(([pattern]) => pattern.test(name)) ?? [];
  if (method === undefined) throw new Refusal(`${visibleLine(name)} is no archive`);
  try {
    await method(file, folder, { ...most });
  } catch (error) {
    throw new Refusal(`${visibleLine(name)}: ${visibleLine(messageOf(error))}`);
  }
}

const LINK = 0o120000;
const KIND = 0o170000;
const ENCRYPTED = 1;

async function unpackZip(file: string, folder: string, left: Allowance): Promise<void> {
  const { open } = loadZip();
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    open(
      file,
      { lazyEntries: true, validateEntrySizes: true, autoClose: false },
      (error, opened) => {
        if (error) reject(error);
        else resolve(opened);
      },
    );
  });
  try {
    await new Promise<void>((resolve, reject) => {
      zip.on('error', reject);
      zip.on('end', resolve);
      zip.on('entry', (entry: Entry) => {
        unpackEntry(zip, entry, folder, left).then(() => {
          zip.readEntry();
        }, reject);
      });
      zip.readEntry();
    });
  } finally {
    zip.close();
  }
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  folder: string,
  left: Allowance,
): Promise<void> {
  const mode = entry.externalFileAttributes >>> 16;
  const name = safeName(entry.fileName);
  if (name === null) return;
  if ((mode & KIND) === LINK) throw new Error(`${name} is a symbolic link, which is not taken`);
  if (entry.fileName.endsWith('/')) {
    take(left, name, 0);
    mkdirSync(join(folder, name), { recursive: true });
    return;
  }
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) throw new Error(`${name} needs a password`);
  take(left, name, entry.uncompressedSize);
  const from = await new Promise<Readable>((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(error);
      else resolve(stream);
    });
  });
  await store(from, folder, name, (mode & 0o100) !== 0);
}

async function unpackTar(
  file: string,
  folder: string,
  left: Allowance,
  zipped: boolean,
): Promise<void> {
  const { extract } = loadTar();
  const entries = extract();
  entries.on('entry', (header, stream, next) => {
    const name = safeNameOrError(header.name);
    const fail = (why: string) => {
      entries.destroy(new Error(why));
    };
    if (typeof name !== 'string') {
      if (name instanceof Error) fail(name.message);
      else {
        stream.resume();
        stream.on('end', next);
      }
      return;
    }
    if (header.type !== 'file' && header.type !== 'directory') {
      fail(`${name} is a ${header.type}, which is not taken`);
      return;
    }
    try {
      take(left, name, header.size);
      if (header.type === 'directory') mkdirSync(join(folder, name), { recursive: true });
    } catch (error) {
      fail(messageOf(error));
      return;
    }
    if (header.type === 'directory') {
      stream.resume();
      stream.on('end', next);
      return;
    }
    store(stream as unknown as Readable, folder, name, (header.mode & 0o100) !== 0).then(
      () => {
        next();
      },
      (error: unknown) => {
        fail(messageOf(error));
      },
    );
  });
  // What is left after the last entry is read to its end as well, but no further than allowed.
  const source = createReadStream(file);
  const sink = entries as unknown as NodeJS.WritableStream;
  if (zipped) await pipeline(source, createGunzip(), bounded(left.bytes * 2), sink);
  else await pipeline(source, sink);
}

function bounded(most: number) {
  return async function* (from: AsyncIterable<Buffer>) {
    let bytes = 0;
    for await (const chunk of from) {
      bytes += chunk.length;
      if (bytes > most + 2 ** 20) throw new Error(`it unpacks to more than ${mebibytes(most / 2)}`);
      yield chunk;
    }
  };
}

function take(left: Allowance, name: string, bytes: number): void {
  left.files--;
  left.bytes -= bytes;
  if (left.files < 0) throw new Error('it holds too many files');
  if (left.bytes < 0) throw new Error(`it unpacks to more than is allowed (at ${name})`);
}

/** 'wx': of two entries with one name the second is refused, and so is one through a link. */
async function store(from: Readable, folder: string, name: string, runs: boolean): Promise<void> {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  await pipeline(from, createWriteStream(path, { flags: 'wx', mode: runs ? 0o755 : 0o644 }));
}

function safeNameOrError(name: string): string | null | Error {
  try {
    return safeName(name);
  } catch (error) {
    return error as Error;
  }
}

/**
 * A relative path that stays inside; null for what systems add of their own.
 * @throws Error for one that does not
 */
function safeName(written: string): string | null {
  const parts = written
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (/^([/\\]|[A-Za-z]:)/.test(written) || parts.includes('..') || written.includes('\0')) {
    throw new Error(`${written} would leave the folder`);
  }
  if (parts[0] === '__MACOSX' || parts.at(-1) === '.DS_Store') return null;
  if (parts.some((part) => Buffer.byteLength(part) > 255)) throw new Error('a name is too long');
  return parts.length === 0 ? null : parts.join('/');
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}

/* eslint-disable @typescript-eslint/no-require-imports -- loaded only where there is an archive */
const loadZip = () => require('yauzl') as typeof import('yauzl');
const loadTar = () => require('tar-stream') as typeof import('tar-stream');
