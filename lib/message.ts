import {
  type Address,
  addressFailure,
  type AddressInput,
  addressRecord,
  placeOf,
  writeAddress,
} from './address.js';
import { binding, type Buffers, REFUSED_ADDRESS, REFUSED_ARGUMENT } from './binding.js';
import { type ControlInput, type ControlMessage, writeControl } from './control.js';
import { SocketError } from './errors.js';
import { CONTROL_BYTES, MOST_CONTROL_BYTES, Slab } from './slot.js';
import {
  bytesOf,
  checkFd,
  checkInt32,
  checkInteger,
  checkObject,
  type Data,
  dataError,
} from './validate.js';

/** A message to send. */
export interface Message {
  /** The bytes: of one buffer, or of several, one behind the other. */
  data: Data | readonly Data[];
  /** Where it goes; left out or null on a connected socket. */
  address?: AddressInput | null | undefined;
  /** Control messages to go with it. */
  control?: readonly ControlInput[] | undefined;
}

/** What recvmsg() has received. */
export interface ReceivedMessage {
  /** How many bytes came; with MSG_TRUNC a datagram's real length, which can be more than the
   * buffers'. */
  bytes: number;
  /** Who sent it; null where the system does not say: on a stream, or of a unix socket that is not
   * bound. */
  address: Address | null;
  /** MSG_TRUNC: the datagram was longer than the buffers. MSG_CTRUNC: control data were lost for want
   * of room, or of descriptors. MSG_EOR, MSG_OOB, MSG_ERRQUEUE. On Linux MSG_CMSG_CLOEXEC too. */
  flags: number;
  /** Descriptors in it are yours to close. */
  control: ControlMessage[];
}

/** How recvmsg() receives. */
export interface ReceiveOptions {
  /** MSG_PEEK, MSG_DONTWAIT, MSG_ERRQUEUE, ... added up. */
  flags?: number | undefined;
  /** The room for control data, up to 65,536 bytes; 256 unless told otherwise. */
  controlBytes?: number | undefined;
}

/** A system takes at most 1,024; with one more it answers EMSGSIZE itself. */
const MOST_BUFFERS = 1025;

/**
 * `sendmsg(fd, &message, flags | MSG_NOSIGNAL)`
 *
 * Descriptors travel with at least one byte of data: a stream drops those that come with none.
 *
 * @param message Its `data` can be a list of up to 1,024 buffers (IOV_MAX).
 * @returns How many bytes the system took: on a stream this can be less than there are.
 * @throws {SocketError} EMSGSIZE (a datagram that is too long, or more than 1,024 buffers), EINVAL
 * (control data that the socket does not know, more than 253 descriptors), EBADF (a descriptor to be
 * sent), EPERM (credentials of another), ETOOMANYREFS (too many descriptors on their way), ENOBUFS,
 * and those of send() and sendto(). See sendmsg(2), cmsg(3), unix(7).
 */
export function sendmsg(fd: number, message: Message, flags = 0): number {
  const sent = trySendmsg(fd, message, flags);
  if (sent < 0) throw new SocketError('sendmsg', sent, placeOf(message.address));
  return sent;
}

/** {@link sendmsg}, but the negated errno where it fails. */
export function trySendmsg(fd: number, message: Message, flags: number): number {
  checkFd(fd);
  checkInt32('flags', flags);
  checkObject('message', message);
  const { data, address, control } = message;
  const buffers = readBuffers(data);
  const controlData = writeControl(control, 'message.control');
  // The record comes last: what was read before could have made calls of its own.
  const hasAddress = address !== undefined && address !== null;
  const about = hasAddress ? writeAddress(address) : {};
  const record = hasAddress ? addressRecord : null;
  const sent = binding.sendmsg(fd, buffers, record, controlData, flags);
  if (sent === REFUSED_ARGUMENT) throw buffersError('message.data', buffers);
  if (sent === REFUSED_ADDRESS) throw addressFailure('sendmsg', sent, about);
  return sent;
}

const slab = new Slab([CONTROL_BYTES]);

/**
 * `recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC)`
 *
 * Every descriptor that comes is close-on-exec and yours: also of a control message that was cut,
 * and again at each MSG_PEEK. Room for none, `controlBytes: 0`, has the system close them.
 *
 * @param buffers Where the bytes go: one buffer, or a list of up to 1,024 that are filled one after
 * the other.
 * @throws {SocketError} EMSGSIZE (more than 1,024 buffers), and those of recv(). See recvmsg(2),
 * cmsg(3).
 */
export function recvmsg(
  fd: number,
  buffers: Data | readonly Data[],
  options: ReceiveOptions = {},
): ReceivedMessage {
  const received = tryRecvmsg(fd, buffers, options);
  if (typeof received === 'number') throw new SocketError('recvmsg', received);
  return received;
}

/** {@link recvmsg}, but the negated errno where it fails. */
export function tryRecvmsg(
  fd: number,
  buffers: Data | readonly Data[],
  options: ReceiveOptions,
): ReceivedMessage | number {
  checkFd(fd);
  checkObject('options', options);
  const { flags = 0, controlBytes = CONTROL_BYTES } = options;
  checkInt32('options.flags', flags);
  checkInteger('options.controlBytes', controlBytes, 0, MOST_CONTROL_BYTES);
  const list = readBuffers(buffers);
  const memory = controlBytes === CONTROL_BYTES ? slab : new Slab([controlBytes]);
  const bytes = binding.recvmsg(fd, list, memory.bytes, 0, flags);
  if (bytes === REFUSED_ARGUMENT) throw buffersError('buffers', list);
  if (bytes < 0) return bytes;
  try {
    const address = memory.sender(0);
    return { bytes, address, flags: memory.flags(0), control: memory.takeControl(0) };
  } catch (error) {
    // Out of memory or out of stack: nobody would ever learn of the descriptors.
    memory.closeRights(0);
    throw error;
  }
}

/** A list is copied, so that no getter runs any more once the buffers are looked at. */
export function readBuffers(data: unknown): Buffers {
  if (!Array.isArray(data)) return data as Data;
  const length = Math.min(data.length, MOST_BUFFERS);
  const list: Data[] = [];
  for (let index = 0; index < length; index++) list.push(data[index] as Data);
  return list;
}

/** Why native code has refused this buffer, where it was this one. */
export function refusal(name: string, buffer: unknown): Error | null {
  try {
    bytesOf(name, buffer);
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** Why native code has refused one of the buffers. */
export function buffersError(name: string, buffers: unknown): Error {
  if (!Array.isArray(buffers)) return dataError(name, buffers);
  for (const [index, buffer] of buffers.entries()) {
    const error = refusal(`${name}[${index}]`, buffer);
    if (error !== null) return error;
  }
  return dataError(name, buffers);
}
