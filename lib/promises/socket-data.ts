import { constants } from '../constants.js';
import { SocketError } from '../errors.js';
import { EAGAIN, ENODATA } from '../readiness.js';
import * as sys from '../sys.js';
import { bytesOf, checkInteger, type Data, dataError } from '../validate.js';
import { AGAIN, type WaitOptions } from './operation.js';
import {
  type FlagsOrOptions,
  readOptions,
  SocketOperations,
  untilUninterrupted,
} from './socket-operations.js';

const { POLLERR, POLLHUP, MSG_PEEK, MSG_TRUNC, MSG_WAITALL } = constants;
const POLLRDHUP = constants.POLLRDHUP ?? 0;
/** As many bytes as Linux moves in one call. */
const MOST_BYTES = 0x7ffff000;
const CHUNK_BYTES = 65536;

// What comes is copied out of here, so that a socket which waits holds no memory.
const scratch = Buffer.alloc(CHUNK_BYTES);

/** Sending to the peer and receiving from it. */
export class SocketData extends SocketOperations {
  /**
   * `send(fd, data, length, flags | MSG_NOSIGNAL)`, waiting while there is no room at all
   *
   * Leave the bytes as they are until the promise is settled.
   *
   * @returns How many bytes the system took, which can be fewer than there were: see {@link sendAll}.
   * @throws {SocketError} EPIPE, ECONNRESET, ENOTCONN, EMSGSIZE, ETIMEDOUT. See send(2).
   */
  async send(data: Data, options: FlagsOrOptions = 0): Promise<number> {
    const call = (fd: number, now: number) => sys.trySend(fd, data, now);
    return this.runCall<number, number>('out', 'send', options, call, same);
  }

  /**
   * {@link send}, as often as it takes until the system has all of it; nothing else that is sent
   * through this object comes in between.
   *
   * @param data Bytes, or text that goes as UTF-8. Without bytes, nothing is sent.
   * @throws {SocketError} as send() does. `bytesTransferred` of any error tells how many bytes went.
   */
  async sendAll(data: Data | string, options: WaitOptions = {}): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : bytesOf('data', data);
    const { length } = bytes;
    await this.runAll('out', 'send', length, options, (fd, now, from) =>
      sys.trySend(fd, rest('data', bytes, length, from), now),
    );
  }

  /**
   * `recv(fd, buffer, size, flags)`
   *
   * @returns What came, at most `size` bytes; none at the end of the stream.
   * @throws {SocketError} ECONNRESET, ECONNREFUSED (of an earlier datagram), ENOTCONN, ETIMEDOUT. See
   * recv(2).
   */
  async recv(size: number, options: FlagsOrOptions = 0): Promise<Buffer> {
    checkInteger('size', size, 0, MOST_BYTES);
    const { flags, ...waiting } = readOptions(options);
    if ((flags & MSG_WAITALL) !== 0) {
      const buffer = Buffer.alloc(size);
      return buffer.subarray(0, await this.recvInto(buffer, { flags, ...waiting }));
    }
    let buffer: Buffer = scratch;
    return this.runCall<number, Buffer>(
      'in',
      'recv',
      { flags, ...waiting },
      (fd, now) => sys.tryRecv(fd, (buffer = roomFor(size, flags)), now),
      (count) => part(buffer, Math.min(count, size)),
    );
  }

  /**
   * `recv(fd, buffer, length, flags)`
   *
   * The buffer is filled in on this thread, in the moment before the promise is resolved.
   *
   * @returns How many bytes came; 0 is the end of a stream, or a datagram without bytes. With MSG_TRUNC
   * it is a datagram's real length, which can be more than the buffer's. With MSG_WAITALL a stream
   * fills the buffer, unless it ends before.
   * @throws {SocketError} as {@link recv} does; with MSG_WAITALL, `bytesTransferred` tells what came.
   */
  async recvInto(buffer: Data, options: FlagsOrOptions = 0): Promise<number> {
    const { flags, ...waiting } = readOptions(options);
    if ((flags & MSG_WAITALL) === 0 || !this.waits(flags) || !this.#isStream()) {
      const call = (fd: number, now: number) => sys.tryRecv(fd, buffer, now);
      return this.runCall<number, number>('in', 'recv', { flags, ...waiting }, call, same);
    }
    const bytes = bytesOf('buffer', buffer);
    const { length } = bytes;
    if ((flags & MSG_PEEK) !== 0) return this.#peekAll(bytes, length, flags, waiting);
    const once = { flags: flags & ~MSG_WAITALL, ...waiting };
    return this.runAll('in', 'recv', length, once, (fd, now, from) =>
      sys.tryRecv(fd, rest('buffer', bytes, length, from), now),
    );
  }

  /**
   * `recv(fd, buffer, size, MSG_WAITALL)` of a stream, as often as it takes
   *
   * @returns Exactly `size` bytes.
   * @throws {SocketError} ENODATA (the stream ended before), and as {@link recv} does. Of any error,
   * an AbortError too, `received` is what had come, and `bytesTransferred` its length.
   */
  async recvExact(size: number, options: WaitOptions = {}): Promise<Buffer> {
    checkInteger('size', size, 0, MOST_BYTES);
    const buffer = Buffer.allocUnsafe(size);
    const details = (total: number) => ({
      bytesTransferred: total,
      received: buffer.subarray(0, total),
    });
    const call = (fd: number, now: number, from: number) =>
      sys.tryRecv(fd, buffer.subarray(from), now);
    const total = await this.runAll('in', 'recv', size, options, call, details);
    if (total === size) return buffer;
    throw new SocketError('recv', ENODATA, details(total));
  }

  /**
   * {@link recv}, again and again until the stream ends. To leave the loop does not close the socket.
   *
   * @param options.size The most that one chunk has, in bytes: 65,536 unless told otherwise.
   */
  async *chunks(options: WaitOptions & { size?: number } = {}): AsyncGenerator<Buffer, void> {
    const { size = CHUNK_BYTES, ...waiting } = options;
    checkInteger('options.size', size, 1, MOST_BYTES);
    for (;;) {
      const chunk = await this.recv(size, waiting);
      if (chunk.length === 0) return;
      yield chunk;
    }
  }

  /** {@link chunks}, by `for await`. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    return this.chunks();
  }

  #isStream(): boolean {
    return this.getOption('type') === constants.SOCK_STREAM;
  }

  /** MSG_PEEK with MSG_WAITALL: what is there stays, so readiness has nothing new to tell. */
  async #peekAll(
    bytes: Uint8Array,
    length: number,
    flags: number,
    options: WaitOptions,
  ): Promise<number> {
    const fd = this.openFd();
    let before = -1;
    const attempt = (revents: number) => {
      const buffer = rest('buffer', bytes, length, 0);
      const now = flags | constants.MSG_DONTWAIT;
      const count = untilUninterrupted(() => sys.tryRecv(fd, buffer, now));
      if (count < 0 && count !== EAGAIN) throw new SocketError('recv', count);
      const isOver = (revents & (POLLRDHUP | POLLHUP | POLLERR)) !== 0;
      if (count === 0 || count === length || (isOver && count === before)) return count;
      before = count;
      return AGAIN;
    };
    const details = () => ({ bytesTransferred: Math.max(before, 0) });
    return this.run('in', true, { syscall: 'recv', attempt, details }, options, POLLRDHUP);
  }
}

export function same(count: number): number {
  return count;
}

/** The bytes from there on, if they are all still there: a buffer can be transferred meanwhile. */
function rest(name: string, bytes: Uint8Array, length: number, from: number): Uint8Array {
  if (bytes.length !== length) throw dataError(name, bytes);
  return bytes.subarray(from);
}

/** Room for one call that does not wait. */
export function roomFor(size: number, flags: number): Buffer {
  // With MSG_TRUNC a stream tells a length and fills in nothing.
  if ((flags & MSG_TRUNC) !== 0) return Buffer.alloc(size);
  return size <= CHUNK_BYTES ? scratch.subarray(0, size) : Buffer.allocUnsafe(size);
}

/** What was filled in, as a buffer of its own. */
export function part(buffer: Buffer, bytes: number): Buffer {
  const filled = buffer.subarray(0, Math.min(bytes, buffer.length));
  // A copy also where it is short, so that a few bytes do not keep a large buffer alive.
  const isOwn = buffer.buffer !== scratch.buffer && filled.length >= buffer.length / 2;
  return isOwn ? filled : Buffer.from(filled);
}
