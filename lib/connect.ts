// connect() that a worker can be ended in: without blocking, and then waiting in slices.
import { constants as os } from 'node:os';
import type { AddressInput } from './address.js';
import { constants } from './constants.js';
import { EAGAIN, EINTR, ETIMEDOUT, Wait } from './readiness.js';
import * as sys from './sys.js';
import { checkObject } from './validate.js';

const { POLLOUT, SOL_SOCKET, SO_ERROR } = constants;
const { EINPROGRESS, EALREADY, EISCONN } = os.errno;

/**
 * Connects, and leaves the descriptor blocking.
 * @returns 0 or the negated errno
 */
export function connectInSlices(fd: number, address: AddressInput, timeoutMs: number): number {
  checkObject('address', address);
  sys.setNonblocking(fd, true);
  try {
    const wait = new Wait(fd, POLLOUT, timeoutMs);
    // A unix listener's queue that is full is EAGAIN, and nothing that poll() could wait for.
    const isUnix = 'path' in address;
    for (let pause = 1; ; pause *= 2) {
      const result = sys.tryConnect(fd, address);
      if (result === -EINPROGRESS || result === -EALREADY) return finish(fd, address, wait);
      if (result === EINTR) continue;
      if (result !== EAGAIN || !isUnix) return result;
      if (!wait.pause(pause)) return ETIMEDOUT;
    }
  } finally {
    sys.setNonblocking(fd, false);
  }
}

function finish(fd: number, address: AddressInput, wait: Wait): number {
  if (!wait.again()) return ETIMEDOUT;
  const error = sys.getsockopt(fd, SOL_SOCKET, SO_ERROR);
  if (error !== 0) return -error;
  // The attempt is over for the kernel when connect() has said so: otherwise the next one, which
  // should be EISCONN, succeeds.
  const result = sys.tryConnect(fd, address);
  return result === -EISCONN ? 0 : result;
}
