// A directory for the files of a benchmark, gone when the program ends, whatever ends it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MEMORY = '/dev/shm';
const SPARE = 2 ** 30;

function roomInMemory() {
  try {
    const { bavail, bsize } = fs.statfsSync(MEMORY);
    return Math.min(bavail * bsize, os.freemem() - SPARE);
  } catch {
    return 0;
  }
}

/** In memory if `bytes` have room there, so that no disk is measured. `kind` says what it became. */
export function scratchDirectory(bytes) {
  const inMemory = roomInMemory() > bytes;
  const parent = inMemory ? MEMORY : os.tmpdir();
  const directory = fs.mkdtempSync(path.join(parent, 'sockkit-bench-'));
  process.once('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
  return { directory, kind: inMemory ? 'memory' : `${parent}, WHICH MAY BE A DISK` };
}
