import { constants } from './constants.js';
import { SocketError } from './errors.js';
import { ENODATA, ETIMEDOUT } from './readiness.js';
import { SocketWaits } from './socket-waits.js';
import * as sys from './sys.js';
import { bytesOf, checkInt32, checkInteger, type Data } from './validate.js';

const { POLLIN, POLLOUT, POLLERR, POLLHUP, MSG_PEEK, MSG_TRUNC, MSG_WAITALL } = constants;
const POLLRDHUP = constants.POLLRDHUP ?? 0;
/** As many bytes as Linux moves in one call. */
const MOST_BYTES = 0x7ffff000;

/** Sending to the peer and receiving from it. */
export class SocketData extends SocketWaits {
  /**
   * `send(fd, data, length, flags | MSG_NOSIGNAL)`, waiting while there is no room at all
   *
   * @returns How many bytes the system took, which can be fewer than there were: see {@link sendAll}.
   * @throws {SocketError} EPIPE, ECONNRESET, ENOTCONN, EMSGSIZE, ETIMEDOUT. See send(2).
   */
  send(data: Data, flags = 0): number {
    return this.repeat('send', POLLOUT, flags, (fd, now) => sys.trySend(fd, data, now));
  }

  /**
   * {@link send}, as often as it takes until the system has all of it.
   *
   * @param data Bytes, or text that goes as UTF-8. Without bytes, nothing is sent.
   * @throws {SocketError} as send() does; `bytesTransferred` tells how many bytes went before.
   */
  sendAll(data: Data | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : bytesOf('data', data);
    this.repeatAll('send', POLLOUT, 0, bytes.length, (fd, now, from) =>
      sys.trySend(fd, bytes.subarray(from), now),
    );
  }

  /**
   * `recv(fd, buffer, size, flags)`
   *
   * @returns What came, at most `size` bytes; none at the end of the stream.
   * @throws {SocketError} ECONNRESET, ECONNREFUSED (of an earlier datagram), ENOTCONN, ETIMEDOUT. See
   * recv(2).
   */
  recv(size: number, flags = 0): Buffer {
    checkInteger('size', size, 0, MOST_BYTES);
    checkInt32('flags', flags);
    // With MSG_TRUNC a stream tells a length and fills in nothing.
    const fills = (flags & MSG_TRUNC) === 0;
    const buffer = fills ? Buffer.allocUnsafe(size) : Buffer.alloc(size);
    const count = Math.min(this.recvInto(buffer, flags), size);
    if (count === size) return buffer;
    // A copy, so that a few bytes do not keep a large buffer alive.
    return count < size / 2 ? Buffer.from(buffer.subarray(0, count)) : buffer.subarray(0, count);
  }

  /**
   * `recv(fd, buffer, length, flags)`
   *
   * @returns How many bytes came; 0 is the end of a stream, or a datagram without bytes. With MSG_TRUNC
   * it is a datagram's real length, which can be more than the buffer's. With MSG_WAITALL a stream
   * fills the buffer, unless it ends before.
   * @throws {SocketError} as {@link recv} does; with MSG_WAITALL, `bytesTransferred` tells what came.
   */
  recvInto(buffer: Data, flags = 0): number {
    checkInt32('flags', flags);
    if ((flags & MSG_WAITALL) === 0 || !this.waits(flags) || !this.isStream()) {
      return this.repeat('recv', POLLIN, flags, (fd, now) => sys.tryRecv(fd, buffer, now));
    }
    const bytes = bytesOf('buffer', buffer);
    if ((flags & MSG_PEEK) !== 0) return this.#peekAll(bytes, flags);
    return this.repeatAll('recv', POLLIN, flags & ~MSG_WAITALL, bytes.length, (fd, now, from) =>
      sys.tryRecv(fd, bytes.subarray(from), now),
    );
  }

  /**
   * `recv(fd, buffer, size, MSG_WAITALL)` of a stream, as often as it takes
   *
   * @returns Exactly `size` bytes.
   * @throws {SocketError} ENODATA (the stream ended before), and as {@link recv} does. What had come is
   * in `received`, and its length in `bytesTransferred`.
   */
  recvExact(size: number): Buffer {
    checkInteger('size', size, 0, MOST_BYTES);
    this.openFd();
    const buffer = Buffer.allocUnsafe(size);
    try {
      const total = this.repeatAll('recv', POLLIN, 0, size, (fd, now, from) =>
        sys.tryRecv(fd, buffer.subarray(from), now),
      );
      if (total === size) return buffer;
      throw new SocketError('recv', ENODATA, { bytesTransferred: total });
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      const received = buffer.subarray(0, error.bytesTransferred ?? 0);
      throw Object.assign(error, { received });
    }
  }

  /** Whether the socket is a byte stream. */
  protected isStream(): boolean {
    return this.getOption('type') === constants.SOCK_STREAM;
  }

  /** MSG_PEEK with MSG_WAITALL: what is there stays, so poll() has nothing new to tell. */
  #peekAll(bytes: Uint8Array, flags: number): number {
    const wait = this.wait(this.openFd(), POLLIN | POLLRDHUP);
    const peek = () => this.repeat('recv', POLLIN, flags, (fd, now) => sys.tryRecv(fd, bytes, now));
    for (let before = -1; ;) {
      const count = peek();
      const isOver = (wait.revents & (POLLRDHUP | POLLHUP | POLLERR)) !== 0;
      if (count === 0 || count === bytes.length || (isOver && count === before)) return count;
      before = count;
      if (!wait.again()) throw new SocketError('recv', ETIMEDOUT, { bytesTransferred: count });
    }
  }
}
