import type { Address, AddressInput } from './address.js';
import { constants } from './constants.js';
import { dup } from './dup.js';
import { SocketError } from './errors.js';
import { connectInSlices } from './connect.js';
import { toDuplex, toNetSocket } from './interop.js';
import { adopt, Adopted } from './socket-handle.js';
import { SocketMessages } from './socket-messages.js';
import * as sys from './sys.js';

/**
 * A socket whose calls block the thread until they are done: for workers, for commands, for learning.
 * The names are those of C and Python.
 *
 * The calls wait in slices of at most 100 ms, so that a worker which is being terminated leaves them;
 * they go on after a signal (EINTR). JavaScript does not run meanwhile, and so neither do its signal
 * listeners. What the system refuses is a {@link SocketError}; a call on a socket that was closed or
 * detached is an Error with the code ERR_SOCKET_CLOSED.
 *
 * The object owns its descriptor until close() or detach(). One that is garbage-collected without
 * either leaves a warning (SOCKKIT_UNCLOSED), and the descriptor open, since its number may be in use.
 * What a worker leaves open is closed when the worker ends.
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
   * @param domain AF_UNIX; few systems have pairs of another family.
   * @param type SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET.
   * @returns Two Sockets that are connected to each other.
   * @throws {SocketError} ENOTSUP (a family without pairs), EMFILE. See socketpair(2).
   */
  static pair(domain: number, type: number, protocol = 0): [Socket, Socket] {
    const [one, other] = sys.socketpair(domain, type, protocol);
    return [new Socket(new Adopted(one)), new Socket(new Adopted(other))];
  }

  /**
   * Makes a Socket of a descriptor, and its owner: nobody else may close it then. Whether the
   * descriptor is non-blocking makes no difference to the calls of this class.
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
   * @returns Another Socket on the same socket, with a descriptor of its own. To give one to a worker,
   * pass the number `socket.dup().detach()`, and make it a Socket there with {@link fromFd}.
   * @throws {SocketError} EMFILE. See fcntl(2).
   */
  dup(): Socket {
    const copy = new Socket(new Adopted(dup(this.openFd())));
    copy.waitAs(this);
    return copy;
  }

  /**
   * `bind(fd, address, length)`; port 0 lets the system pick, and `localAddress` tells which.
   *
   * @throws {SocketError} EADDRINUSE, EACCES, EADDRNOTAVAIL, EINVAL (bound already). See bind(2).
   */
  bind(address: AddressInput): void {
    sys.bind(this.openFd(), address);
  }

  /**
   * `listen(fd, backlog)`
   *
   * @throws {SocketError} EADDRINUSE, ENOTSUP (not a type that listens). See listen(2).
   */
  listen(backlog = 10): void {
    sys.listen(this.openFd(), backlog);
  }

  /**
   * `accept4(fd, &address, &length, SOCK_CLOEXEC)`
   *
   * Makes the listener's descriptor itself non-blocking: of two threads that see one connection come,
   * the late one has to be able to leave.
   *
   * @returns The connection, as a blocking Socket without a timeout, and the peer's address.
   * @throws {SocketError} EINVAL (not listening), EMFILE, ETIMEDOUT, EAGAIN (non-blocking),
   * ECONNABORTED (it was gone already: take the next one). See accept(2).
   */
  accept(): { socket: Socket; address: Address } {
    sys.setNonblocking(this.openFd(), true);
    const { fd, address } = this.repeat('accept', constants.POLLIN, 0, sys.tryAccept);
    return { socket: new Socket(new Adopted(fd)), address };
  }

  /**
   * `connect(fd, address, length)`
   *
   * An attempt that has timed out goes on: call this again to wait for longer, or close. A unix
   * listener whose queue is full is waited for.
   *
   * @throws {SocketError} ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EISCONN,
   * ENOENT (a unix path that is not there), EINPROGRESS (non-blocking). See connect(2), tcp(7).
   */
  connect(address: AddressInput): void {
    const fd = this.openFd();
    const result = this.nonblocking
      ? sys.tryConnect(fd, address)
      : connectInSlices(fd, address, this.timeoutMs);
    if (result < 0) throw new SocketError('connect', result, address);
  }

  /**
   * A net.Socket on this socket's descriptor, which belongs to it from now on; this object is closed.
   * It can be connected or fresh: then `.connect({ host, port })` of the net.Socket uses the socket with
   * the options that were set here, where `host` is an IP address. `tls.connect({ socket })` and
   * `http.request({ createConnection })` take it.
   *
   * A listener goes to `net.Server.listen({ fd: socket.detach() })`, and a bound UDP socket to
   * `dgram.Socket.bind({ fd: socket.detach() })`.
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
}
