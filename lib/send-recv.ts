import { types } from 'node:util';
import { binding, REFUSED_ARGUMENT } from './binding.js';
import { SocketError } from './errors.js';
import { checkFd, checkInt32, type Data, dataError } from './validate.js';

/**
 * `send(fd, data, length, flags | MSG_NOSIGNAL)`
 *
 * Waits for room, unless the socket is non-blocking. A raw blocking call is one system call: it
 * delays worker termination and JavaScript signal listeners until it returns.
 *
 * @param data Bytes: a view's own part of its ArrayBuffer, or a whole ArrayBuffer.
 * @param flags MSG_* added up.
 * @returns How many bytes the system took, which can be less than `data.byteLength`: send the rest
 * again, or use sendAll().
 * @throws {SocketError} EPIPE (the peer has closed; never a SIGPIPE), ECONNRESET, EAGAIN
 * (non-blocking, and there is no room), ENOTCONN, EMSGSIZE (a datagram that is too long),
 * ECONNREFUSED (of an earlier datagram). See send(2).
 */
export function send(fd: number, data: Data, flags = 0): number {
  const sent = trySend(fd, data, flags);
  if (sent < 0) throw new SocketError('send', sent);
  return sent;
}

/** {@link send}, but the negated errno where it fails. */
export function trySend(fd: number, data: Data, flags = 0): number {
  if (data === lastSent && flags === 0 && isFd(fd)) {
    const { length } = lastSent;
    if (length > 0 && length <= SMALL) return sendSmall(fd, lastSent, length);
  }
  checkFd(fd);
  checkInt32('flags', flags);
  const sent = binding.send(fd, data, flags);
  if (sent === REFUSED_ARGUMENT) throw dataError('data', data);
  if (sent > 0 && sent <= SMALL) lastSent = known(data) ?? lastSent;
  return sent;
}

/**
 * `recv(fd, buffer, length, flags)`
 *
 * Waits for the first bytes, unless the socket is non-blocking. A raw blocking call is one system
 * call: it delays worker termination and JavaScript signal listeners until it returns.
 *
 * @param buffer Where the bytes go: at most `buffer.byteLength` of them, from its beginning.
 * @param flags MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT, ...
 * @returns How many bytes came; 0 is the end of a stream, or a datagram without bytes. With
 * MSG_TRUNC it is a datagram's real length, which can be more than the buffer's.
 * @throws {SocketError} EAGAIN (non-blocking, and nothing is there), ECONNRESET, ECONNREFUSED (of an
 * earlier datagram), ENOTCONN, EINTR (only with SO_RCVTIMEO). See recv(2).
 */
export function recv(fd: number, buffer: Data, flags = 0): number {
  const received = tryRecv(fd, buffer, flags);
  if (received < 0) throw new SocketError('recv', received);
  return received;
}

/** {@link recv}, but the negated errno where it fails. */
export function tryRecv(fd: number, buffer: Data, flags = 0): number {
  if (buffer === lastReceived && flags === 0 && isFd(fd)) {
    const { length } = lastReceived;
    if (length > 0 && length <= SMALL) return recvSmall(fd, lastReceived, length);
  }
  checkFd(fd);
  checkInt32('flags', flags);
  const received = binding.recv(fd, buffer, flags);
  if (received === REFUSED_ARGUMENT) throw dataError('buffer', buffer);
  if (received > 0 && received <= SMALL) lastReceived = known(buffer) ?? lastReceived;
  return received;
}

// The quick way for a few bytes. To pass three arguments through Node-API costs a third of what a
// send() of one byte takes, so up to 64 bytes travel in a block of memory that native code knows
// (struct SmallBlock in native/napi/small.h).
const SMALL = 64;
const block = new Int32Array(binding.small, 0, 3);
const bytes = new Uint8Array(binding.small, 12, SMALL);
const FD = 0;
const LENGTH = 1;
const RESULT = 2;

// The buffers that the long way has last found to be Uint8Arrays in memory of our own: to look at
// each call again would cost what is gained. They are kept alive until others take their place, so
// none that is part of a large ArrayBuffer is among them.
let lastSent: Uint8Array = new Uint8Array(0);
let lastReceived = lastSent;
const LARGEST_KEPT = 65536;

function known(data: unknown): Uint8Array | null {
  if (!types.isUint8Array(data) || data.length > SMALL) return null;
  const { buffer } = data;
  return types.isArrayBuffer(buffer) && buffer.byteLength <= LARGEST_KEPT ? data : null;
}

function isFd(fd: unknown): boolean {
  return typeof fd === 'number' && (fd | 0) === fd && fd >= 0;
}

function sendSmall(fd: number, data: Uint8Array, length: number): number {
  block[FD] = fd;
  block[LENGTH] = length;
  for (let i = 0; i < length; i++) bytes[i] = data[i] ?? 0;
  binding.sendSmall();
  return block[RESULT] ?? 0;
}

function recvSmall(fd: number, buffer: Uint8Array, length: number): number {
  block[FD] = fd;
  block[LENGTH] = length;
  binding.recvSmall();
  const received = block[RESULT] ?? 0;
  for (let i = 0; i < received; i++) buffer[i] = bytes[i] ?? 0;
  return received;
}
