// Files of a test, in a folder that goes away with it.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const folders: string[] = [];
const descriptors: number[] = [];

export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sockkit-'));
  folders.push(folder);
  return folder;
}

/** Opens a file that removeFiles() closes. */
export function openFile(file: string, flags: fs.OpenMode): number {
  const fd = fs.openSync(file, flags);
  descriptors.push(fd);
  return fd;
}

/** A file for a program to write to. */
export class OutputFile {
  readonly path: string;
  readonly fd: number;

  constructor(folder: string, name = 'received') {
    this.path = path.join(folder, name);
    this.fd = openFile(this.path, 'a');
  }

  get size(): number {
    return fs.fstatSync(this.fd).size;
  }

  read(): Buffer {
    return fs.readFileSync(this.path);
  }
}

/** For afterEach or afterAll: closes and removes what the functions here have made. */
export function removeFiles(): void {
  for (const fd of descriptors.splice(0)) fs.closeSync(fd);
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
}

const MARK_EVERY = 65_536;

/**
 * A large file that costs little: holes, and in each 64 KiB a mark of its own, so that no two
 * pieces can change places unseen.
 */
export function markedFile(file: string, bytes: number, salt = 0): void {
  const fd = fs.openSync(file, 'w');
  const mark = Buffer.alloc(16);
  mark.writeDoubleLE(salt, 8);
  for (let at = 0; at + mark.length <= bytes; at += MARK_EVERY) {
    mark.writeDoubleLE(at, 0);
    fs.writeSync(fd, mark, 0, mark.length, at);
  }
  fs.ftruncateSync(fd, bytes);
  fs.closeSync(fd);
}
