// poll(2) for one descriptor or none, as the commands need it: a signal does not end the wait.
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

function poll(fds: { fd: number; events: number }[], timeoutMs: number): number {
  for (;;) {
    try {
      return pollAll(fds, timeoutMs)[0]?.revents ?? 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error;
    }
  }
}
