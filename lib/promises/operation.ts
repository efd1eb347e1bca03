// What a promise of this package stands for: attempts that do not wait, until one is done.
import { SocketError, type SocketErrorDetails } from '../errors.js';
import { ETIMEDOUT } from '../readiness.js';
import { checkInteger, checkObject, coded, typeError } from '../validate.js';
import { follow, unfollow } from './abort.js';
import { ask, takeBack } from './waits.js';

/** How long a call may take. */
export interface WaitOptions {
  /** Ends the wait: the promise is rejected with an AbortError, whose `cause` is the signal's reason. */
  signal?: AbortSignal | undefined;
  /** The longest time for the whole call, in milliseconds; then the error is ETIMEDOUT. 0 is no limit;
   * left out, it is what setTimeout() has set. */
  timeoutMs?: number | undefined;
}

/** An attempt that got nowhere, and is to be repeated when the descriptor is ready. */
export const AGAIN = Symbol('again');
/** One that got on, and has more to do. */
export const MORE = Symbol('more');
/** One for which no readiness can be waited: it is repeated after a while. */
export const LATER = Symbol('later');

type NotYet = typeof AGAIN | typeof MORE | typeof LATER;

export interface Plan<T> {
  syscall: string;
  /** What to wait for: POLLIN, POLLOUT. */
  events: number;
  /** Makes the call without waiting; `revents` is what was last heard of the descriptor. */
  attempt: (revents: number) => T | NotYet;
  /** There are no bytes to move, and so nothing that readiness could be waited for. */
  isNothing?: boolean;
  /** What a timeout or an abort tells. */
  details?: () => SocketErrorDetails;
}

const INT32_MAX = 2 ** 31 - 1;
const LONGEST_PAUSE_MS = 50;

export function isDone<T>(result: T | NotYet): result is T {
  return result !== AGAIN && result !== MORE && result !== LATER;
}

export function checkWaitOptions(options: unknown): asserts options is WaitOptions {
  checkObject('options', options);
  const { signal, timeoutMs } = options as Record<string, unknown>;
  if (timeoutMs !== undefined) checkInteger('options.timeoutMs', timeoutMs, 0, INT32_MAX);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw typeError('options.signal', 'an instance of AbortSignal', signal);
  }
}

export function closedError(details: SocketErrorDetails = {}): Error {
  return withBytes(coded(new Error('Socket is closed'), 'ERR_SOCKET_CLOSED'), details);
}

export function abortError(cause: unknown, details: SocketErrorDetails = {}): Error {
  const error = new Error('The operation was aborted', { cause });
  error.name = 'AbortError';
  return withBytes(coded(error, 'ABORT_ERR'), details);
}

function withBytes(error: Error, { bytesTransferred, received }: SocketErrorDetails): Error {
  if (bytesTransferred !== undefined) Object.assign(error, { bytesTransferred });
  if (received !== undefined) Object.assign(error, { received });
  return error;
}

/** An operation whose first attempt was not enough. */
export class Operation<T> {
  readonly promise: Promise<T>;
  readonly #fd: number;
  readonly #plan: Plan<T>;
  readonly #signal: AbortSignal | undefined;
  readonly #changed: () => void;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;
  #token = 0;
  #pause: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #fruitless = 0;
  #revents = 0;
  settled = false;

  /** @param changed is called when it is settled, or worth another attempt. */
  constructor(fd: number, plan: Plan<T>, options: WaitOptions, changed: () => void) {
    this.#fd = fd;
    this.#plan = plan;
    this.#signal = options.signal;
    this.#changed = changed;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.#signal !== undefined) follow(this.#signal, this.#onAbort);
    const { timeoutMs = 0 } = options;
    if (timeoutMs > 0) this.#deadline = setTimeout(this.#onTimeout, timeoutMs);
  }

  /** Whether it waits already: then it says itself when it is worth another attempt. */
  get waiting(): boolean {
    return this.#token !== 0 || this.#pause !== undefined;
  }

  attempt(): void {
    try {
      const result = this.#plan.attempt(this.#revents);
      if (isDone(result)) {
        this.#settle(() => {
          this.#resolve(result);
        });
      } else this.wait(result);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Waits for as long as an attempt with this result asks for. */
  wait(result: NotYet): void {
    if (result === MORE) this.#fruitless = 0;
    // Some descriptors are called ready though the call has to wait: a unix datagram socket whose
    // addressee is full, one with something in its error queue, one that others read from as well.
    const isPollable = result !== LATER;
    if (isPollable && this.#fruitless === 0) {
      this.#ask();
    } else {
      const ms = Math.min(2 ** this.#fruitless, LONGEST_PAUSE_MS);
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        if (isPollable) this.#ask();
        else this.#changed();
      }, ms);
    }
    this.#fruitless += 1;
  }

  fail(error: unknown): void {
    this.#settle(() => {
      this.#reject(error);
    });
  }

  /** The socket is closed under it. */
  close(): void {
    this.fail(closedError(this.#details()));
  }

  #details(): SocketErrorDetails {
    return this.#plan.details?.() ?? {};
  }

  #ask(): void {
    try {
      this.#token = ask(this.#fd, this.#plan.events, (revents) => {
        this.#token = 0;
        this.#revents = revents;
        this.#changed();
      });
    } catch (error) {
      this.fail(error);
      this.#changed();
    }
  }

  readonly #onAbort = (): void => {
    this.fail(abortError(this.#signal?.reason, this.#details()));
    this.#changed();
  };

  readonly #onTimeout = (): void => {
    this.fail(new SocketError(this.#plan.syscall, ETIMEDOUT, this.#details()));
    this.#changed();
  };

  #settle(how: () => void): void {
    if (this.settled) return;
    this.settled = true;
    if (this.#signal !== undefined) unfollow(this.#signal, this.#onAbort);
    clearTimeout(this.#deadline);
    clearTimeout(this.#pause);
    this.#pause = undefined;
    if (this.#token !== 0) takeBack(this.#fd, this.#token);
    this.#token = 0;
    how();
  }
}
