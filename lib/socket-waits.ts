// How the blocking calls wait: sys calls that do not, repeated until they are done.
import { constants } from './constants.js';
import { SocketError, type SocketErrorDetails } from './errors.js';
import { EAGAIN, EINTR, ETIMEDOUT, Wait } from './readiness.js';
import { SocketHandle } from './socket-handle.js';
import * as sys from './sys.js';
import { checkBoolean, checkInt32, checkInteger } from './validate.js';

const { MSG_DONTWAIT, MSG_OOB } = constants;
/** Flags with which the call never waits, in C either. */
const AT_ONCE = MSG_DONTWAIT | MSG_OOB | (constants.MSG_ERRQUEUE ?? 0);
const INT32_MAX = 2 ** 31 - 1;

/** Makes the call once; `flags` has MSG_DONTWAIT in it. A negative number is the negated errno. */
export type Attempt<T = number> = (fd: number, flags: number) => T | number;
/** The same for what comes after the first `from` bytes. */
export type PartAttempt = (fd: number, flags: number, from: number) => number;

export class SocketWaits extends SocketHandle {
  #nonblocking = false;
  #timeoutMs = 0;

  /**
   * `ioctl(fd, FIONBIO, &on)`: whether calls that would wait fail with EAGAIN or EINPROGRESS instead.
   * False at first, whatever the descriptor was when it was adopted.
   */
  get nonblocking(): boolean {
    return this.#nonblocking;
  }

  /** The descriptor is as blocking as its calls from then on. */
  set nonblocking(on: boolean) {
    checkBoolean('nonblocking', on);
    sys.setNonblocking(this.openFd(), on);
    this.#nonblocking = on;
  }

  /** The limit that {@link setTimeout} has set, in milliseconds; 0 is none. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /**
   * How long each call may take in all, waiting included, in milliseconds; then it fails with
   * ETIMEDOUT, and `bytesTransferred` tells what went before. 0, as at first, is no limit. SO_RCVTIMEO
   * and SO_SNDTIMEO are for `sockkit/sys`, and make no difference here.
   */
  setTimeout(ms: number): void {
    checkInteger('ms', ms, 0, INT32_MAX);
    this.#timeoutMs = ms;
  }

  /** Mode and timeout of another socket. */
  protected waitAs(other: SocketWaits): void {
    this.#nonblocking = other.#nonblocking;
    this.#timeoutMs = other.#timeoutMs;
  }

  /** Whether a call with these flags waits. */
  protected waits(flags: number): boolean {
    return !this.#nonblocking && (flags & AT_ONCE) === 0;
  }

  protected wait(fd: number, events: number): Wait {
    return new Wait(fd, events, this.#timeoutMs);
  }

  /** Repeats the call until it gives something else than EINTR or EAGAIN. */
  protected repeat<T = number>(
    syscall: string,
    events: number,
    flags: number,
    attempt: Attempt<T>,
    details: () => SocketErrorDetails = () => ({}),
  ): T {
    checkInt32('flags', flags);
    const fd = this.openFd();
    let wait: Wait | null = null;
    for (;;) {
      const result = attempt(fd, flags | MSG_DONTWAIT);
      if (!isErrno(result)) return result;
      if (result === EINTR) continue;
      if (result !== EAGAIN || !this.waits(flags)) {
        throw new SocketError(syscall, result, details());
      }
      wait ??= this.wait(fd, events);
      if (!wait.again()) throw new SocketError(syscall, ETIMEDOUT, details());
    }
  }

  /**
   * Repeats the call until `length` bytes have gone, or it gives 0.
   * @returns how many have
   */
  protected repeatAll(
    syscall: string,
    events: number,
    flags: number,
    length: number,
    attempt: PartAttempt,
  ): number {
    const fd = this.openFd();
    const wait = this.wait(fd, events);
    let total = 0;
    const failed = (errno: number) => new SocketError(syscall, errno, { bytesTransferred: total });
    while (total < length) {
      const result = attempt(fd, flags | MSG_DONTWAIT, total);
      if (result === 0) break;
      if (result > 0) {
        total += result;
        wait.progress();
      } else if (result === EAGAIN && this.waits(flags)) {
        if (!wait.again()) throw failed(ETIMEDOUT);
      } else if (result !== EINTR) {
        throw failed(result);
      }
    }
    return total;
  }
}

/** Whether a call that gives a value, or the negated errno, has failed. */
export function isErrno(result: unknown): result is number {
  return typeof result === 'number' && result < 0;
}
