import { constants } from '../constants.js';
import { SocketError, type SocketErrorDetails } from '../errors.js';
import { EAGAIN, EINTR } from '../readiness.js';
import { isErrno, SocketWaits } from '../socket-waits.js';
import { checkInt32 } from '../validate.js';
import { Lane } from './lane.js';
import { AGAIN, checkWaitOptions, MORE, type Plan, type WaitOptions } from './operation.js';
import { forget } from './waits.js';

/** The flags of a call (MSG_*, added up), and how long it may take. */
export interface CallOptions extends WaitOptions {
  flags?: number | undefined;
}

/** A number stands for the flags alone, as in the blocking calls. */
export type FlagsOrOptions = number | CallOptions;

type Direction = 'in' | 'out';

const { MSG_DONTWAIT } = constants;
const EVENTS = { in: constants.POLLIN, out: constants.POLLOUT };
/** No attempt moves more than about this before others have their turn. */
const TURN_BYTES = 2 ** 20;

/** How the calls of this package's sockets become promises. */
export class SocketOperations extends SocketWaits {
  readonly #lanes = { in: new Lane(), out: new Lane() };

  /** As of the blocking Socket; what is pending is rejected with ERR_SOCKET_CLOSED. */
  override detach(): number {
    const fd = this.openFd();
    for (const lane of Object.values(this.#lanes)) lane.close();
    forget(fd);
    return super.detach();
  }

  /** {@link close}, at the end of an `await using` block. */
  // eslint-disable-next-line @typescript-eslint/require-await
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** The one behind the other in their direction, unless the call never waits. */
  protected async run<T>(
    direction: Direction,
    waits: boolean,
    plan: Omit<Plan<T>, 'events'>,
    options: WaitOptions,
    moreEvents = 0,
  ): Promise<T> {
    const fd = this.openFd();
    const events = EVENTS[direction] | moreEvents;
    const timeoutMs = options.timeoutMs ?? this.timeoutMs;
    // What does not wait needs no queue, and does not stand behind those that do.
    const lane = waits ? this.#lanes[direction] : new Lane(true);
    return lane.run(fd, { events, ...plan }, { signal: options.signal, timeoutMs });
  }

  /** A call that gives something, the negated errno where it fails. */
  protected async runCall<V, T>(
    direction: Direction,
    syscall: string,
    flagsOrOptions: FlagsOrOptions,
    call: (fd: number, flags: number) => V | number,
    result: (value: V) => T,
    details: () => SocketErrorDetails = () => ({}),
  ): Promise<T> {
    const { flags, ...options } = readOptions(flagsOrOptions);
    const fd = this.openFd();
    const waits = this.waits(flags);
    const attempt = () => {
      const value = untilUninterrupted(() => call(fd, flags | MSG_DONTWAIT));
      if (!isErrno(value)) return result(value);
      if (value === EAGAIN && waits) return AGAIN;
      throw new SocketError(syscall, value, details());
    };
    return this.run(direction, waits, { syscall, attempt, details }, options);
  }

  /**
   * The call as often as it takes to move `length` bytes, or until it gives 0.
   * @returns how many have gone
   */
  protected async runAll(
    direction: Direction,
    syscall: string,
    length: number,
    flagsOrOptions: FlagsOrOptions,
    call: (fd: number, flags: number, from: number) => number,
    details: (total: number) => SocketErrorDetails = (total) => ({ bytesTransferred: total }),
  ): Promise<number> {
    const { flags, ...options } = readOptions(flagsOrOptions);
    const fd = this.openFd();
    const waits = this.waits(flags);
    let total = 0;
    const attempt = () => {
      const before = total;
      while (total < length) {
        if (total - before >= TURN_BYTES && waits) return MORE;
        const from = total;
        const value = untilUninterrupted(() => call(fd, flags | MSG_DONTWAIT, from));
        if (value === 0) break;
        if (value === EAGAIN && waits) return total > before ? MORE : AGAIN;
        if (value < 0) throw new SocketError(syscall, value, details(total));
        total += value;
      }
      return total;
    };
    const plan = { syscall, attempt, isNothing: length === 0, details: () => details(total) };
    return this.run(direction, waits, plan, options);
  }
}

export function untilUninterrupted<T>(call: () => T | number): T | number {
  for (;;) {
    const result = call();
    if (result !== EINTR) return result;
  }
}

export function readOptions(options: FlagsOrOptions): CallOptions & { flags: number } {
  if (typeof options === 'number') {
    checkInt32('flags', options);
    return { flags: options };
  }
  checkWaitOptions(options);
  const { flags = 0, signal, timeoutMs } = options;
  checkInt32('options.flags', flags);
  return { flags, signal, timeoutMs };
}
