// Waiting for a descriptor on the thread that calls, in slices: between two of them a worker that is
// being terminated leaves.
import { constants as os } from 'node:os';
import { binding } from './binding.js';
import { SocketError } from './errors.js';

export const EAGAIN = -os.errno.EAGAIN;
export const EINTR = -os.errno.EINTR;
export const EMSGSIZE = -os.errno.EMSGSIZE;
export const ENODATA = -os.errno.ENODATA;
export const EPIPE = -os.errno.EPIPE;
export const ETIMEDOUT = -os.errno.ETIMEDOUT;

const SLICE_MS = 100;
const LONGEST_PAUSE_MS = 50;

// One struct pollfd is enough: nothing else runs on this thread while it is in use.
const list = new Int32Array(2);
const shorts = new Int16Array(list.buffer);
const nothing = new Int32Array(0);

/** The waits of one operation, which together last no longer than its timeout. */
export class Wait {
  readonly #fd: number;
  readonly #events: number;
  readonly #deadline: number;
  #fruitless = 0;

  /** What poll() said last. */
  revents = 0;

  /** @param timeoutMs 0 is no limit */
  constructor(fd: number, events: number, timeoutMs: number) {
    this.#fd = fd;
    this.#events = events;
    this.#deadline = timeoutMs === 0 ? Infinity : performance.now() + timeoutMs;
  }

  /** The operation has got on. */
  progress(): void {
    this.#fruitless = 0;
  }

  /** Waits until it is worth another try; false where the time has run out. */
  again(): boolean {
    // There are sockets that poll() calls ready though the call has to wait: a unix datagram socket
    // whose addressee is full, one with something in its error queue.
    if (this.#fruitless > 0) this.pause(2 ** this.#fruitless);
    this.#fruitless += 1;
    for (;;) {
      const slice = this.#slice(SLICE_MS);
      if (slice === 0) return false;
      list[0] = this.#fd;
      shorts[2] = this.#events;
      const ready = binding.poll(list, slice);
      this.revents = ready > 0 ? (shorts[3] ?? 0) : 0;
      if (ready > 0) return true;
      if (ready < 0 && ready !== EINTR) throw new SocketError('poll', ready);
    }
  }

  /** Lets some time pass, where there is nothing to wait for; false where the time has run out. */
  pause(ms: number): boolean {
    const slice = this.#slice(Math.min(ms, LONGEST_PAUSE_MS));
    if (slice > 0) binding.poll(nothing, slice);
    return slice > 0;
  }

  #slice(most: number): number {
    return Math.max(0, Math.min(Math.ceil(this.#deadline - performance.now()), most));
  }
}
