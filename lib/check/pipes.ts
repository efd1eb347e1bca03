// Pipes between the grader and a program. What Node makes for a child are sockets, which a program
// can tell from a pipe; and a named pipe has an open file of its own at each end, so that ours can be
// non-blocking while the program's is not.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;
let serial = 0;

/** A pipe that nobody has at first but the descriptors given here. */
function openPipe(folder: string, ours: number, theirs: number): [ours: number, theirs: number] {
  const file = join(folder, `pipe-${++serial}`);
  execFileSync('mkfifo', [file]);
  // Both ends at once, so that neither of the others has to wait for its opposite.
  const both = openSync(file, O_RDWR);
  try {
    return [openSync(file, ours | O_NONBLOCK), openSync(file, theirs)];
  } finally {
    closeSync(both);
  }
}

/** What a program reads: `theirs` is to be closed once the program has it. */
export class InputPipe {
  readonly theirs: number;
  readonly #ours: Socket;

  constructor(folder: string) {
    const [ours, theirs] = openPipe(folder, O_WRONLY, O_RDONLY);
    this.theirs = theirs;
    this.#ours = new Socket({ fd: ours, readable: false });
    // A program that has ended is told by its status.
    this.#ours.on('error', () => undefined);
  }

  /** Resolves when the pipe has taken all of it, or the program is gone. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ours.destroyed) {
        resolve();
        return;
      }
      const done = () => {
        this.#ours.off('close', done);
        resolve();
      };
      this.#ours.once('close', done);
      this.#ours.write(bytes, done);
    });
  }

  end(): void {
    this.#ours.end();
  }

  destroy(): void {
    this.#ours.destroy();
  }
}

/** What a program prints into, and nobody reads before drain(). */
export class OutputPipe {
  readonly theirs: number;
  readonly #ours: Socket;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(folder: string) {
    const [ours, theirs] = openPipe(folder, O_RDONLY, O_WRONLY);
    this.theirs = theirs;
    this.#ours = new Socket({ fd: ours, writable: false });
    this.#ours.on('error', () => undefined);
    this.#ours.pause();
  }

  /** Begins to read. */
  drain(): void {
    this.#ours.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    });
    this.#ours.resume();
  }

  get size(): number {
    return this.#bytes;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  destroy(): void {
    this.#ours.destroy();
  }
}
