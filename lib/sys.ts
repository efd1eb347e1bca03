/**
 * The socket calls: one function, one system call, blocking, under the names and with the numbers of
 * C. Nothing is retried: EINTR, EAGAIN and short counts are the caller's to see.
 *
 * A raw blocking call is one system call: it delays worker termination and JavaScript signal
 * listeners until it returns.
 *
 * Descriptors are numbers, as in C, and every new one is close-on-exec. A wrong argument is a
 * TypeError or RangeError before any system call; a call that fails throws a SocketError. The `try*`
 * forms do the same calls, blocking as they do; only a failure is told otherwise: the negated errno
 * is returned, and no Error is made. Compare it with `-os.constants.errno.EAGAIN`.
 *
 * @module sockkit/sys
 */
import {
  type Address,
  addressFailure,
  type AddressInput,
  addressRecord,
  readAddress,
  writeAddress,
} from './address.js';
import { binding, REFUSED_ADDRESS } from './binding.js';
import { SocketError } from './errors.js';
import { checkBoolean, checkFd, checkInt32 } from './validate.js';

export { constants, type Constants } from './constants.js';
export { dup } from './dup.js';
export { getaddrinfo, type AddressInfo, type AddressInfoHints } from './getaddrinfo.js';
export { poll, type PollRequest, type PollResult } from './poll.js';
export {
  type Message,
  type ReceivedMessage,
  type ReceiveOptions,
  recvmsg,
  sendmsg,
} from './message.js';
export { getnameinfo, if_indextoname, if_nametoindex, type NameInfo } from './names.js';
export { type MessageSlot, recvmmsg } from './recvmmsg.js';
export { recv, send, tryRecv, trySend } from './send-recv.js';
export { sendfile } from './sendfile.js';
export { sendmmsg } from './sendmmsg.js';
export { type Received, recvfrom, sendto } from './sendto-recvfrom.js';
export { socketpair } from './socketpair.js';
export { getsockopt, setsockopt } from './sockopt.js';
export type {
  Address,
  AddressInput,
  IpAddressInput,
  IPv4Address,
  IPv6Address,
  RawAddress,
  RawAddressInput,
  UnixAddress,
  UnixAddressInput,
} from './address.js';
export type * from './control-messages.js';
export type { PacketAddress, PacketAddressInput } from './packet-address.js';
export type { Data } from './validate.js';

/** A connection that accept() has taken. */
export interface Accepted {
  /** Yours to close; blocking, whatever the listener is. */
  fd: number;
  /** The peer's address. */
  address: Address;
}

/** The result where it is one, and else the error. */
function check(syscall: string, result: number): number {
  if (result < 0) throw new SocketError(syscall, result);
  return result;
}

/**
 * `socket(domain, type, protocol)`
 *
 * @param domain AF_INET, AF_INET6, AF_UNIX, ...
 * @param type SOCK_STREAM, SOCK_DGRAM, ..., with SOCK_NONBLOCK added where that is wanted.
 * @param protocol IPPROTO_*; 0 is the usual one for the type.
 * @returns A new descriptor, close-on-exec, yours to close.
 * @throws {SocketError} EAFNOSUPPORT (a machine without IPv6), EMFILE, ENFILE, EPERM (raw sockets),
 * EPROTONOSUPPORT. See socket(2).
 */
export function socket(domain: number, type: number, protocol = 0): number {
  checkInt32('domain', domain);
  checkInt32('type', type);
  checkInt32('protocol', protocol);
  return check('socket', binding.socket(domain, type, protocol));
}

/**
 * `bind(fd, address, length)`
 *
 * Port 0 lets the system pick: {@link getsockname} tells which. Binding a unix socket to a path makes
 * a file, which stays when the socket is closed.
 *
 * @throws {SocketError} EADDRINUSE, EACCES (a port below 1024), EADDRNOTAVAIL (not this machine's),
 * EINVAL (bound already), ENAMETOOLONG (a path of more than 108 bytes on Linux), ENODEV (a zone that
 * names no interface). See bind(2), ip(7), unix(7).
 */
export function bind(fd: number, address: AddressInput): void {
  checkFd(fd);
  const about = writeAddress(address);
  const result = binding.bind(fd, addressRecord);
  if (result < 0) throw addressFailure('bind', result, about);
}

/**
 * `listen(fd, backlog)`
 *
 * @param backlog How many connections may wait for accept(). The system has a limit of its own; a
 * negative number asks for that.
 * @throws {SocketError} EADDRINUSE, ENOTSUP (a type that does not listen). See listen(2).
 */
export function listen(fd: number, backlog = 10): void {
  checkFd(fd);
  checkInt32('backlog', backlog);
  check('listen', binding.listen(fd, backlog));
}

/**
 * `accept4(fd, &address, &length, SOCK_CLOEXEC)`
 *
 * Waits for a connection, unless the listener is non-blocking. A raw blocking call is one system
 * call: it delays worker termination and JavaScript signal listeners until it returns.
 *
 * @throws {SocketError} EAGAIN (non-blocking, and none waits), ECONNABORTED (it was gone already:
 * take the next one), EMFILE and ENFILE (the connection keeps waiting, and the listener stays
 * readable), EINVAL (not listening). See accept(2).
 */
export function accept(fd: number): Accepted {
  const result = tryAccept(fd);
  if (typeof result === 'number') throw new SocketError('accept', result);
  return result;
}

/** {@link accept}, but the negated errno where it fails. */
export function tryAccept(fd: number): Accepted | number {
  checkFd(fd);
  const accepted = binding.accept(fd, addressRecord);
  if (accepted < 0) return accepted;
  try {
    return { fd: accepted, address: readAddress() };
  } catch (error) {
    // Out of memory or out of stack: nobody would ever learn of the descriptor.
    binding.close(accepted);
    throw error;
  }
}

/**
 * `connect(fd, address, length)`
 *
 * EINPROGRESS (non-blocking) and EINTR leave the attempt going on: {@link poll} for POLLOUT, then
 * read SO_ERROR. Calling it again says EALREADY or EISCONN.
 *
 * A raw blocking call is one system call: it delays worker termination and JavaScript signal
 * listeners until it returns, here for two minutes where nobody answers.
 *
 * @throws {SocketError} ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL (no local
 * port is left), EINPROGRESS, EINTR, EISCONN, EAGAIN (a unix listener's queue is full; polling does
 * not help), ENOENT (a unix path that is not there). See connect(2), tcp(7), unix(7).
 */
export function connect(fd: number, address: AddressInput): void {
  checkFd(fd);
  const about = writeAddress(address);
  const result = binding.connect(fd, addressRecord);
  if (result < 0) throw addressFailure('connect', result, about);
}

/** {@link connect}, but the negated errno where it fails, and 0 where it does not. */
export function tryConnect(fd: number, address: AddressInput): number {
  checkFd(fd);
  const about = writeAddress(address);
  const result = binding.connect(fd, addressRecord);
  if (result === REFUSED_ADDRESS) throw addressFailure('connect', result, about);
  return result;
}

/**
 * `shutdown(fd, how)`
 *
 * @param how SHUT_WR: the peer reads to the end and can still answer; SHUT_RD; SHUT_RDWR. Unlike
 * close(), it wakes whoever is blocked on the socket.
 * @throws {SocketError} ENOTCONN, EINVAL. See shutdown(2).
 */
export function shutdown(fd: number, how: number): void {
  checkFd(fd);
  checkInt32('how', how);
  check('shutdown', binding.shutdown(fd, how));
}

/**
 * `close(fd)`
 *
 * Never repeat one that failed: the descriptor is gone even so, and its number can be another's by
 * then. It wakes nobody who is blocked on the descriptor in another thread.
 *
 * @throws {SocketError} EBADF, EIO, EINTR. See close(2).
 */
export function close(fd: number): void {
  checkFd(fd);
  check('close', binding.close(fd));
}

/**
 * `getsockname(fd, &address, &length)`: the socket's own address.
 *
 * @throws {SocketError} EBADF, ENOTSOCK. See getsockname(2).
 */
export function getsockname(fd: number): Address {
  checkFd(fd);
  check('getsockname', binding.getsockname(fd, addressRecord));
  return readAddress();
}

/**
 * `getpeername(fd, &address, &length)`: the address of the socket's peer.
 *
 * @throws {SocketError} ENOTCONN. See getpeername(2).
 */
export function getpeername(fd: number): Address {
  checkFd(fd);
  check('getpeername', binding.getpeername(fd, addressRecord));
  return readAddress();
}

/**
 * `ioctl(fd, FIONBIO, &on)`
 *
 * It is the open socket that is non-blocking, so every descriptor of it is, in other processes too.
 *
 * @throws {SocketError} EBADF, ENOTTY. See ioctl(2).
 */
export function setNonblocking(fd: number, on: boolean): void {
  checkFd(fd);
  checkBoolean('on', on);
  check('ioctl', binding.setNonblocking(fd, on));
}
