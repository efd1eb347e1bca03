import { inspect, type InspectOptions } from 'node:util';
import type { Address } from './address.js';
import { binding } from './binding.js';
import { constants } from './constants.js';
import { SocketError } from './errors.js';
import {
  getOption,
  type OptionInput,
  type OptionValue,
  type ReadableOption,
  setOption,
  type WritableOption,
} from './options.js';
import { inspectSocket } from './socket-inspect.js';
import * as sys from './sys.js';
import { checkFd, coded } from './validate.js';

/** A descriptor that a socket object is to be made of: what only this package can pass. */
export class Adopted {
  constructor(readonly fd: number) {}
}

// Only the warning: the descriptor may be in use under its number, so it is not closed here.
const unclosed = new FinalizationRegistry((fd: number) => {
  binding.disown(fd);
  process.emitWarning(
    `A Socket was garbage-collected before it was closed: descriptor ${fd} stays open`,
    { type: 'SocketWarning', code: 'SOCKKIT_UNCLOSED' },
  );
});

/** A descriptor and who closes it: what every kind of socket object has in common. */
export class SocketHandle {
  #fd: number;

  constructor(domain: number | Adopted, type: number, protocol: number) {
    this.#fd = domain instanceof Adopted ? domain.fd : sys.socket(domain, type, protocol);
    binding.own(this.#fd);
    unclosed.register(this, this.#fd, this);
  }

  /** The descriptor, still owned by this object; -1 when it is closed or detached. */
  get fd(): number {
    return this.#fd;
  }

  /** True from close() or detach() on. */
  get closed(): boolean {
    return this.#fd < 0;
  }

  /**
   * Gives the descriptor away: it is the caller's to close from now on, and this object is closed.
   *
   * @throws {Error} ERR_SOCKET_CLOSED
   */
  detach(): number {
    const fd = this.openFd();
    this.#fd = -1;
    binding.disown(fd);
    unclosed.unregister(this);
    return fd;
  }

  /**
   * `close(fd)`
   *
   * Does nothing where the socket is closed already. It wakes nobody who is blocked on another
   * descriptor of the socket: shutdown() does.
   *
   * @throws {SocketError} EBADF (somebody else has closed the descriptor), EIO. It is closed even so.
   * See close(2).
   */
  close(): void {
    if (this.#fd >= 0) sys.close(this.detach());
  }

  /** {@link close}, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * `getsockopt(fd, level, option, &value, &length)`
   *
   * The names, values and what they mean are in the table `options` and in docs/options.md.
   *
   * @throws {TypeError} ERR_INVALID_ARG_VALUE (no such name, or one that is only written).
   * @throws {SocketError} ENOPROTOOPT (this system lacks the option, or this kind of socket does),
   * ENOTSUP (not for this family). See socket(7), tcp(7), ip(7), ipv6(7), unix(7).
   */
  getOption<N extends ReadableOption>(name: N): OptionValue<N> {
    return getOption(this.openFd(), name);
  }

  /**
   * `setsockopt(fd, level, option, &value, length)`
   *
   * @throws {TypeError} ERR_INVALID_ARG_VALUE (no such name, or one that is only read),
   * ERR_INVALID_ARG_TYPE (another kind of value).
   * @throws {SocketError} as {@link getOption} does, and EPERM, EINVAL, EISCONN.
   */
  setOption<N extends WritableOption>(name: N, value: OptionInput<N>): void {
    setOption(this.openFd(), name, value);
  }

  /**
   * `getsockname(fd, &address, &length)`: the socket's own address.
   *
   * Before bind() and connect() it is `0.0.0.0` or `::` with port 0, or the path ''.
   */
  get localAddress(): Address {
    return sys.getsockname(this.openFd());
  }

  /** `getpeername(fd, &address, &length)`: the peer's address; null where there is none. */
  get remoteAddress(): Address | null {
    const fd = this.openFd();
    try {
      return sys.getpeername(fd);
    } catch (error) {
      if (error instanceof SocketError && error.code === 'ENOTCONN') return null;
      throw error;
    }
  }

  /**
   * `shutdown(fd, how)`
   *
   * @param how SHUT_WR: the peer reads to the end and can still answer; SHUT_RD; SHUT_RDWR. Unlike
   * close(), it wakes whoever is blocked on the socket.
   * @throws {SocketError} ENOTCONN. See shutdown(2).
   */
  shutdown(how: number): void {
    sys.shutdown(this.openFd(), how);
  }

  /** What console.log() shows: the descriptor, type, family, state and addresses. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return inspectSocket(this.constructor.name, this.#fd, depth, options);
  }

  /** The descriptor of a socket that is open. */
  protected openFd(): number {
    if (this.#fd >= 0) return this.#fd;
    throw coded(new Error('Socket is closed'), 'ERR_SOCKET_CLOSED');
  }
}

/** Takes a descriptor that somebody else has opened, if it is a socket that no object has yet. */
export function adopt(fd: unknown): Adopted {
  checkFd(fd);
  sys.getsockopt(fd, constants.SOL_SOCKET, constants.SO_TYPE);
  if (binding.own(fd) === 1) return new Adopted(fd);
  throw coded(
    new Error(`Descriptor ${fd} belongs to a Socket already`),
    'ERR_SOCKET_HANDLE_ADOPTED',
  );
}
