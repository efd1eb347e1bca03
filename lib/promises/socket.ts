import { constants as os } from 'node:os';
import type { Address, AddressInput } from '../address.js';
import { constants } from '../constants.js';
import { dup } from '../dup.js';
import { SocketError } from '../errors.js';
import { toDuplex, toNetSocket } from '../interop.js';
import { EAGAIN } from '../readiness.js';
import { adopt, Adopted } from '../socket-handle.js';
import * as sys from '../sys.js';
import { AGAIN, checkWaitOptions, LATER, type WaitOptions } from './operation.js';
import { SocketMessages } from './socket-messages.js';
import { untilUninterrupted } from './socket-operations.js';

const { EINPROGRESS, EALREADY, EISCONN } = os.errno;
const { SOL_SOCKET, SO_ERROR } = constants;

/** A connection that accept() has taken. */
export interface Connection {
  socket: Socket;
  /** The peer's address. */
  address: Address;
}

/**
 * A socket whose calls give promises and never block the thread. The names are those of the blocking
 * Socket, and so is what is said there of owning a descriptor.
 *
 * A call is tried at once, and where it would have to wait, again when a thread of this package's own
 * says that the descriptor is ready; libuv and its threads have no part in it. The calls themselves are
 * made on the thread of the caller, so no other thread ever touches a buffer. Calls in one direction
 * are served in their order. Every call takes `{ signal, timeoutMs }`.
 *
 * The descriptor may be blocking, and stays so: except that of a listener, which is made non-blocking.
 * close() and detach() reject what is pending with ERR_SOCKET_CLOSED.
 */
export class Socket extends SocketMessages {
  /**
   * `socket(domain, type, protocol)`
   *
   * @param domain AF_INET, AF_INET6, AF_UNIX, ...
   * @param type SOCK_STREAM, SOCK_DGRAM, ...
   * @param protocol IPPROTO_*; 0 is the usual one for the type.
   * @throws {SocketError} EAFNOSUPPORT, EMFILE, EPERM (raw sockets), EPROTONOSUPPORT. See socket(2).
   */
  constructor(domain: number, type: number, protocol?: number);
  /** @internal */
  constructor(adopted: Adopted);
  constructor(domain: number | Adopted, type = 0, protocol = 0) {
    super(domain, type, protocol);
  }

  /**
   * `socketpair(domain, type, protocol, pair)`
   *
   * @returns Two Sockets that are connected to each other.
   * @throws {SocketError} ENOTSUP (a family without pairs), EMFILE. See socketpair(2).
   */
  static pair(domain: number, type: number, protocol = 0): [Socket, Socket] {
    const [one, other] = sys.socketpair(domain, type, protocol);
    return [new Socket(new Adopted(one)), new Socket(new Adopted(other))];
  }

  /**
   * Makes a Socket of a descriptor, and its owner: nobody else may close it then. From a blocking
   * Socket: `Socket.fromFd(blocking.detach())`, and back in the same way.
   *
   * @throws {SocketError} EBADF, ENOTSOCK.
   * @throws {Error} ERR_SOCKET_HANDLE_ADOPTED (another Socket of this thread owns it).
   */
  static fromFd(fd: number): Socket {
    return new Socket(adopt(fd));
  }

  /**
   * `fcntl(fd, F_DUPFD_CLOEXEC, 0)`
   *
   * @returns Another Socket on the same socket, with a descriptor of its own.
   * @throws {SocketError} EMFILE. See fcntl(2).
   */
  dup(): Socket {
    const copy = new Socket(new Adopted(dup(this.openFd())));
    copy.waitAs(this);
    return copy;
  }

  /**
   * `bind(fd, address, length)`, which does not wait and gives no promise; port 0 lets the system pick,
   * and `localAddress` tells which.
   *
   * @throws {SocketError} EADDRINUSE, EACCES, EADDRNOTAVAIL, EINVAL (bound already). See bind(2).
   */
  bind(address: AddressInput): void {
    sys.bind(this.openFd(), address);
  }

  /**
   * `listen(fd, backlog)`, which does not wait and gives no promise
   *
   * @throws {SocketError} EADDRINUSE, ENOTSUP (not a type that listens). See listen(2).
   */
  listen(backlog = 10): void {
    sys.listen(this.openFd(), backlog);
  }

  /**
   * `accept4(fd, &address, &length, SOCK_CLOEXEC)`
   *
   * @returns The connection, as a Socket without a timeout, and the peer's address.
   * @throws {SocketError} EINVAL (not listening), EMFILE, ETIMEDOUT, ECONNABORTED (it was gone already:
   * take the next one). See accept(2).
   */
  async accept(options: WaitOptions = {}): Promise<Connection> {
    checkWaitOptions(options);
    const waits = this.waits(0);
    const fd = this.openFd();
    const attempt = () => {
      // Each time: between two attempts a blocking call can have been made on the descriptor.
      sys.setNonblocking(fd, true);
      const result = untilUninterrupted(() => sys.tryAccept(fd));
      if (typeof result !== 'number') {
        return { socket: new Socket(new Adopted(result.fd)), address: result.address };
      }
      if (result === EAGAIN && waits) return AGAIN;
      throw new SocketError('accept', result);
    };
    return this.run('in', waits, { syscall: 'accept', attempt }, options);
  }

  /** {@link accept}, again and again. To leave the loop does not close the listener. */
  async *connections(options: WaitOptions = {}): AsyncGenerator<Connection, never> {
    for (;;) yield await this.accept(options);
  }

  /**
   * `connect(fd, address, length)`
   *
   * An attempt that has timed out or was aborted goes on in the system: call this again to wait for
   * longer, or close. A unix listener whose queue is full is tried again until there is room.
   *
   * @param address With an IP address; for names, see createConnection().
   * @throws {SocketError} ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EISCONN,
   * ENOENT (a unix path that is not there). See connect(2), tcp(7).
   */
  async connect(address: AddressInput, options: WaitOptions = {}): Promise<void> {
    checkWaitOptions(options);
    const fd = this.openFd();
    const waits = this.waits(0);
    const failed = (errno: number) => new SocketError('connect', errno, address);
    let isGoingOn = false;
    const attempt = (): true | typeof AGAIN | typeof LATER => {
      if (isGoingOn) {
        const error = sys.getsockopt(fd, SOL_SOCKET, SO_ERROR);
        if (error !== 0) throw failed(error);
      }
      const result = untilUninterrupted(() => this.#connectAtOnce(fd, address));
      // The attempt is over for the kernel when connect() has said so.
      if (result === 0 || (isGoingOn && result === -EISCONN)) return true;
      if (!waits) throw failed(result);
      if (result === -EINPROGRESS || result === -EALREADY) {
        isGoingOn = true;
        return AGAIN;
      }
      // A full queue is nothing that could be waited for.
      if (result === EAGAIN && 'path' in address) return LATER;
      throw failed(result);
    };
    const plan = { syscall: 'connect', attempt, details: () => address };
    await this.run('out', waits, plan, options);
  }

  /**
   * A net.Socket on this socket's descriptor, which belongs to it from now on; this object is closed.
   *
   * @throws {TypeError} ERR_INVALID_FD_TYPE (no TCP or unix stream, or a listener).
   */
  toNetSocket(): import('node:net').Socket {
    return toNetSocket(this, false);
  }

  /**
   * A stream on this socket's descriptor, which belongs to it from now on; this object is closed. The
   * end of what is read does not end what is written.
   *
   * Of a socket with records (datagrams, SOCK_SEQPACKET, raw) each chunk that is read is one record,
   * also one without bytes, and each write() sends one. Datagrams have no end: what is written goes
   * nowhere after end(), and reading goes on until destroy(). A record without bytes that comes last
   * before the end of a SOCK_SEQPACKET is taken for the end. Any error ends the stream: ECONNREFUSED of
   * an earlier datagram too.
   *
   * @throws {TypeError} ERR_INVALID_FD_TYPE (a listener).
   */
  toDuplex(): import('node:stream').Duplex {
    return toDuplex(this);
  }

  /** The descriptor is as blocking afterwards as it is meant to be. */
  #connectAtOnce(fd: number, address: AddressInput): number {
    if (this.nonblocking) return sys.tryConnect(fd, address);
    sys.setNonblocking(fd, true);
    try {
      return sys.tryConnect(fd, address);
    } finally {
      sys.setNonblocking(fd, false);
    }
  }
}
