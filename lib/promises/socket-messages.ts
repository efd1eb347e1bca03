import type { AddressInput } from '../address.js';
import type { Message, ReceiveOptions } from '../message.js';
import type { Datagram, DatagramWithControl } from '../socket-messages.js';
import * as sys from '../sys.js';
import { checkInteger, checkObject, type Data } from '../validate.js';
import type { WaitOptions } from './operation.js';
import { part, roomFor, SocketData } from './socket-data.js';
import { type FlagsOrOptions, readOptions } from './socket-operations.js';

const MOST_BYTES = 0x7ffff000;
/** Longer than any datagram over IP. */
const DATAGRAM_BYTES = 65536;

/** Datagrams with their addresses, and control messages. */
export class SocketMessages extends SocketData {
  /**
   * `sendto(fd, data, length, flags | MSG_NOSIGNAL, address, length)`
   *
   * @returns How many bytes the system took: of a datagram all or none.
   * @throws {SocketError} EMSGSIZE, ECONNREFUSED (of an earlier datagram), EISCONN, EACCES (a broadcast
   * address without SO_BROADCAST), ENETUNREACH, ENOENT (a unix path), ETIMEDOUT. See sendto(2).
   */
  async sendTo(data: Data, address: AddressInput, options: FlagsOrOptions = 0): Promise<number> {
    return this.runThrowing('out', 'sendto', options, (fd, now) =>
      sys.sendto(fd, data, address, now),
    );
  }

  /**
   * `recvfrom(fd, buffer, size, flags, &address, &length)`
   *
   * @returns One datagram, of which at most `size` bytes, and who sent it.
   * @throws {SocketError} ECONNREFUSED (of an earlier datagram), ENOTCONN, ETIMEDOUT. See recvfrom(2).
   */
  async recvFrom(size: number, options: FlagsOrOptions = 0): Promise<Datagram> {
    checkInteger('size', size, 0, MOST_BYTES);
    const { flags } = readOptions(options);
    return this.runThrowing('in', 'recvfrom', options, (fd, now) => {
      const buffer = roomFor(size, flags);
      const { bytes, address } = sys.recvfrom(fd, buffer, now);
      return { data: part(buffer, bytes), address };
    });
  }

  /**
   * `sendmsg(fd, &message, flags | MSG_NOSIGNAL)`
   *
   * @param message `{ data, address?, control? }`: `data` can be a list of buffers.
   * @returns How many bytes the system took: on a stream this can be fewer than there are.
   * @throws {SocketError} as {@link sendTo} and send() do, EINVAL (control data that the socket does not
   * know), EBADF (a descriptor to be sent), EPERM (credentials of another). See sendmsg(2), cmsg(3).
   */
  async sendMsg(message: Message, options: FlagsOrOptions = 0): Promise<number> {
    return this.runThrowing('out', 'sendmsg', options, (fd, now) => sys.sendmsg(fd, message, now));
  }

  /**
   * `recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC)`
   *
   * @param options.flags MSG_PEEK, MSG_ERRQUEUE, ...
   * @param options.controlBytes The room for control data; 256 unless told otherwise.
   * @throws {SocketError} as {@link recvFrom} does. See recvmsg(2), cmsg(3).
   */
  async recvMsg(
    size: number,
    options: ReceiveOptions & WaitOptions = {},
  ): Promise<DatagramWithControl> {
    checkInteger('size', size, 0, MOST_BYTES);
    checkObject('options', options);
    const { flags } = readOptions(options);
    const { controlBytes } = options;
    return this.runThrowing('in', 'recvmsg', options, (fd, now) => {
      const buffer = roomFor(size, flags);
      const { bytes, ...rest } = sys.recvmsg(fd, buffer, { flags: now, controlBytes });
      return { data: part(buffer, bytes), ...rest };
    });
  }

  /**
   * {@link recvFrom}, again and again. To leave the loop does not close the socket.
   *
   * @param options.size The most that is kept of a datagram, in bytes: 65,536 unless told otherwise.
   */
  async *datagrams(options: WaitOptions & { size?: number } = {}): AsyncGenerator<Datagram, never> {
    const { size = DATAGRAM_BYTES, ...waiting } = options;
    for (;;) yield await this.recvFrom(size, waiting);
  }
}
