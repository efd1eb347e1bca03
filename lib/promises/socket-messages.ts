import { type AddressInput, placeOf } from '../address.js';
import {
  type Message,
  type ReceivedMessage,
  type ReceiveOptions,
  tryRecvmsg,
  trySendmsg,
} from '../message.js';
import { type MessageSlot, tryRecvmmsg } from '../recvmmsg.js';
import { trySendmmsg } from '../sendmmsg.js';
import { type Received, tryRecvfrom, trySendto } from '../sendto-recvfrom.js';
import type { Datagram, DatagramWithControl } from '../socket-messages.js';
import { checkInteger, checkObject, type Data } from '../validate.js';
import type { WaitOptions } from './operation.js';
import { part, roomFor, same, SocketData } from './socket-data.js';
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
    return this.runCall<number, number>(
      'out',
      'sendto',
      options,
      (fd, now) => trySendto(fd, data, address, now),
      same,
      () => placeOf(address),
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
    let buffer: Buffer;
    return this.runCall<Received, Datagram>(
      'in',
      'recvfrom',
      options,
      (fd, now) => tryRecvfrom(fd, (buffer = roomFor(size, flags)), now),
      ({ bytes, address }) => ({ data: part(buffer, bytes), address }),
    );
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
    return this.runCall<number, number>(
      'out',
      'sendmsg',
      options,
      (fd, now) => trySendmsg(fd, message, now),
      same,
      () => placeOf(message.address),
    );
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
    let buffer: Buffer;
    return this.runCall<ReceivedMessage, DatagramWithControl>(
      'in',
      'recvmsg',
      options,
      (fd, now) => tryRecvmsg(fd, (buffer = roomFor(size, flags)), { flags: now, controlBytes }),
      ({ bytes, ...rest }) => ({ data: part(buffer, bytes), ...rest }),
    );
  }

  /**
   * `sendmmsg(fd, messages, count, flags | MSG_NOSIGNAL)`: several messages in one call, waiting while
   * not even the first has room
   *
   * @returns How many messages went: send the rest again. See sendmmsg() of `sockkit/sys`.
   * @throws {SocketError} of the first message, as {@link sendMsg} does; ENOSYS. See sendmmsg(2).
   */
  async sendMmsg(messages: readonly Message[], options: FlagsOrOptions = 0): Promise<number> {
    return this.runCall<number, number>(
      'out',
      'sendmmsg',
      options,
      (fd, now) => trySendmmsg(fd, messages, now),
      same,
      () => placeOf(messages[0]?.address),
    );
  }

  /**
   * `recvmmsg(fd, slots, count, flags | MSG_CMSG_CLOEXEC, NULL)`: waits for the first message, and takes
   * what is there. The slots are filled in on this thread, in the moment before the promise is resolved.
   *
   * @param slots As for recvmmsg() of `sockkit/sys`: to be used again and again.
   * @returns How many slots received something.
   * @throws {SocketError} as {@link recvMsg} does; ENOSYS. See recvmmsg(2).
   */
  async recvMmsg(slots: readonly MessageSlot[], options: FlagsOrOptions = 0): Promise<number> {
    const call = (fd: number, now: number) => tryRecvmmsg(fd, slots, now);
    return this.runCall<number, number>('in', 'recvmmsg', options, call, same);
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
