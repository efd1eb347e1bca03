// poll(2) for one descriptor or none, as the commands need it: neither a signal nor a failure ends the
// wait with an error.
import { constants, poll as pollAll } from '../sys.js';

const { POLLIN, POLLOUT } = constants;

/** The descriptor's returned events; 0 where the time ran out. */
export function pollOne(fd: number, events: number, timeoutMs = -1): number {
  return poll([{ fd, events }], timeoutMs);
}

export function pause(ms: number): void {
  poll([], ms);
}

export function waitReadable(fd: number): void {
  pollOne(fd, POLLIN);
}

/** False where the time ran out. */
export function waitWritable(fd: number, timeoutMs = -1): boolean {
  return pollOne(fd, POLLOUT, timeoutMs) !== 0;
}

const FAILED_POLL_MS = 10;

/** Where poll itself fails (ENOMEM), what was waited for is tried after a short while. */
function poll(fds: { fd: number; events: number }[], timeoutMs: number): number {
  for (;;) {
    try {
      return pollAll(fds, timeoutMs)[0]?.revents ?? 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINTR') continue;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FAILED_POLL_MS);
      return fds[0]?.events ?? 0;
    }
  }
}
