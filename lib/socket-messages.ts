import { type Address, type AddressInput, placeOf } from './address.js';
import type { ControlMessage } from './control-messages.js';
import { constants } from './constants.js';
import { type Message, type ReceiveOptions, tryRecvmsg, trySendmsg } from './message.js';
import { type MessageSlot, tryRecvmmsg } from './recvmmsg.js';
import { trySendmmsg } from './sendmmsg.js';
import { tryRecvfrom, trySendto } from './sendto-recvfrom.js';
import { SocketData } from './socket-data.js';
import { checkInt32, checkInteger, checkObject, type Data } from './validate.js';

/** What recvFrom() gives. */
export interface Datagram {
  data: Buffer;
  /** Who sent it; null where the system does not say: on a stream, or of a unix socket that is not
   * bound. */
  address: Address | null;
}

/** What recvMsg() gives. */
export interface DatagramWithControl extends Datagram {
  /** MSG_TRUNC: it was longer than `size`. MSG_CTRUNC: control data were lost. MSG_EOR, MSG_OOB, ... */
  flags: number;
  /** Descriptors in it are yours to close. */
  control: ControlMessage[];
}

const { POLLIN, POLLOUT, MSG_TRUNC } = constants;
const MOST_BYTES = 0x7ffff000;

/** Datagrams with their addresses, and control messages. */
export class SocketMessages extends SocketData {
  /**
   * `sendto(fd, data, length, flags | MSG_NOSIGNAL, address, length)`
   *
   * @returns How many bytes the system took: of a datagram all or none.
   * @throws {SocketError} EMSGSIZE, ECONNREFUSED (of an earlier datagram), EISCONN, EACCES (a broadcast
   * address without SO_BROADCAST), ENETUNREACH, ENOENT (a unix path), ETIMEDOUT. See sendto(2).
   */
  sendTo(data: Data, address: AddressInput, flags = 0): number {
    return this.repeat(
      'sendto',
      POLLOUT,
      flags,
      (fd, now) => trySendto(fd, data, address, now),
      () => placeOf(address),
    );
  }

  /**
   * `recvfrom(fd, buffer, size, flags, &address, &length)`
   *
   * @returns One datagram, of which at most `size` bytes, and who sent it.
   * @throws {SocketError} ECONNREFUSED (of an earlier datagram), ENOTCONN, ETIMEDOUT. See recvfrom(2).
   */
  recvFrom(size: number, flags = 0): Datagram {
    const buffer = bufferOf(size, flags);
    const { bytes, address } = this.repeat('recvfrom', POLLIN, flags, (fd, now) =>
      tryRecvfrom(fd, buffer, now),
    );
    return { data: part(buffer, bytes), address };
  }

  /**
   * `sendmsg(fd, &message, flags | MSG_NOSIGNAL)`
   *
   * @param message `{ data, address?, control? }`: `data` can be a list of buffers.
   * @returns How many bytes the system took: on a stream this can be fewer than there are.
   * @throws {SocketError} as {@link sendTo} and send() do, EINVAL (control data that the socket does not
   * know), EBADF (a descriptor to be sent), EPERM (credentials of another). See sendmsg(2), cmsg(3).
   */
  sendMsg(message: Message, flags = 0): number {
    return this.repeat(
      'sendmsg',
      POLLOUT,
      flags,
      (fd, now) => trySendmsg(fd, message, now),
      () => placeOf(message.address),
    );
  }

  /**
   * `recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC)`
   *
   * @param options.flags MSG_PEEK, ...; with MSG_ERRQUEUE it never waits: poll() for POLLERR, which is
   * told without being in `events`.
   * @param options.controlBytes The room for control data; 256 unless told otherwise.
   * @throws {SocketError} as {@link recvFrom} does. See recvmsg(2), cmsg(3).
   */
  recvMsg(size: number, options: ReceiveOptions = {}): DatagramWithControl {
    checkObject('options', options);
    const { flags = 0, controlBytes } = options;
    const buffer = bufferOf(size, flags);
    const { bytes, ...rest } = this.repeat('recvmsg', POLLIN, flags, (fd, now) =>
      tryRecvmsg(fd, buffer, { flags: now, controlBytes }),
    );
    return { data: part(buffer, bytes), ...rest };
  }

  /**
   * `sendmmsg(fd, messages, count, flags | MSG_NOSIGNAL)`: several messages in one call, waiting while
   * not even the first has room
   *
   * @returns How many messages went: send the rest again. See sendmmsg() of `sockkit/sys`.
   * @throws {SocketError} of the first message, as {@link sendMsg} does; ENOSYS. See sendmmsg(2).
   */
  sendMmsg(messages: readonly Message[], flags = 0): number {
    return this.repeat(
      'sendmmsg',
      POLLOUT,
      flags,
      (fd, now) => trySendmmsg(fd, messages, now),
      () => placeOf(messages[0]?.address),
    );
  }

  /**
   * `recvmmsg(fd, slots, count, flags | MSG_CMSG_CLOEXEC, NULL)`: waits for the first message, and takes
   * what is there
   *
   * @param slots As for recvmmsg() of `sockkit/sys`: to be used again and again.
   * @returns How many slots received something.
   * @throws {SocketError} as {@link recvMsg} does; ENOSYS. See recvmmsg(2).
   */
  recvMmsg(slots: readonly MessageSlot[], flags = 0): number {
    return this.repeat('recvmmsg', POLLIN, flags, (fd, now) => tryRecvmmsg(fd, slots, now));
  }
}

function bufferOf(size: number, flags: number): Buffer {
  checkInteger('size', size, 0, MOST_BYTES);
  checkInt32('flags', flags);
  // With MSG_TRUNC a stream tells a length and fills in nothing.
  return (flags & MSG_TRUNC) === 0 ? Buffer.allocUnsafe(size) : Buffer.alloc(size);
}

/** A copy where it is short, so that a few bytes do not keep a large buffer alive. */
function part(buffer: Buffer, bytes: number): Buffer {
  if (bytes >= buffer.length) return buffer;
  const filled = buffer.subarray(0, bytes);
  return bytes < buffer.length / 2 ? Buffer.from(filled) : filled;
}
