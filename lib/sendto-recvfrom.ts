import {
  type Address,
  addressFailure,
  type AddressInput,
  addressRecord,
  placeOf,
  readSender,
  writeAddress,
} from './address.js';
import { binding, REFUSED_ADDRESS, REFUSED_ARGUMENT } from './binding.js';
import { SocketError } from './errors.js';
import { checkFd, checkInt32, type Data, dataError } from './validate.js';

/** What recvfrom() has received. */
export interface Received {
  /** How many bytes came; with MSG_TRUNC a datagram's real length, which can be more than the
   * buffer's. */
  bytes: number;
  /** Who sent it; null where the system does not say: on a stream, or of a unix socket that is not
   * bound. */
  address: Address | null;
}

/**
 * `sendto(fd, data, length, flags | MSG_NOSIGNAL, address, length)`
 *
 * @returns How many bytes the system took: of a datagram all or none.
 * @throws {SocketError} EMSGSIZE (longer than a datagram can be), EAGAIN, ECONNREFUSED (of an
 * earlier datagram, on a connected socket), EISCONN (a connected unix or TCP socket), EACCES (a
 * broadcast address without SO_BROADCAST), ENETUNREACH, ENOENT and ECONNREFUSED (a unix path
 * without a socket), EDESTADDRREQ. See sendto(2), udp(7), unix(7).
 */
export function sendto(fd: number, data: Data, address: AddressInput, flags = 0): number {
  const sent = trySendto(fd, data, address, flags);
  if (sent < 0) throw new SocketError('sendto', sent, placeOf(address));
  return sent;
}

/** {@link sendto}, but the negated errno where it fails. */
export function trySendto(fd: number, data: Data, address: AddressInput, flags: number): number {
  checkFd(fd);
  checkInt32('flags', flags);
  const about = writeAddress(address);
  const sent = binding.sendto(fd, data, addressRecord, flags);
  if (sent === REFUSED_ARGUMENT) throw dataError('data', data);
  if (sent === REFUSED_ADDRESS) throw addressFailure('sendto', sent, about);
  return sent;
}

/**
 * `recvfrom(fd, buffer, length, flags, &address, &length)`
 *
 * @param buffer Where the bytes go. A datagram that is longer is cut, and its rest is lost: see
 * recvmsg() to know.
 * @param flags MSG_PEEK, MSG_TRUNC, MSG_DONTWAIT, ...
 * @throws {SocketError} EAGAIN (non-blocking, and nothing is there), ECONNREFUSED (of an earlier
 * datagram), ENOTCONN (a stream). See recvfrom(2).
 */
export function recvfrom(fd: number, buffer: Data, flags = 0): Received {
  const received = tryRecvfrom(fd, buffer, flags);
  if (typeof received === 'number') throw new SocketError('recvfrom', received);
  return received;
}

/** {@link recvfrom}, but the negated errno where it fails. */
export function tryRecvfrom(fd: number, buffer: Data, flags: number): Received | number {
  checkFd(fd);
  checkInt32('flags', flags);
  const bytes = binding.recvfrom(fd, buffer, addressRecord, flags);
  if (bytes === REFUSED_ARGUMENT) throw dataError('buffer', buffer);
  return bytes < 0 ? bytes : { bytes, address: readSender() };
}
