// A connection of a server as its handler has it.
import type { Duplex } from 'node:stream';
import { type Address, addressRecord, readAddress } from './address.js';
import { closedError, Ending, type Link } from './connection-link.js';
import type { Reader } from './connection-reader.js';
import type { ConnectionStream } from './connection-stream.js';
import type { Writer } from './connection-writer.js';
import { SocketError } from './errors.js';
import { checkInteger, checkObject, type Data } from './validate.js';

const MOST_BYTES = 2 ** 31 - 1;
const LINE_BYTES = 65536;

/** What readLine() takes for a line. */
export interface ReadLineOptions {
  /** The longest line, its end included. Default: 65536. */
  maxBytes?: number;
}

/**
 * One connection. What arrives is read by a thread of its own; the calls here never block the event
 * loop, and are not meant to be used after the handler is done.
 *
 * Reading, writing: each keeps its own order. Calls that are made before the one before them is done
 * wait for it, so what two of them send is never mixed.
 */
export class Connection {
  readonly #link: Link;
  readonly #reader: Reader;
  readonly #writer: Writer;
  #localAddress: Address | undefined;
  #stream: ConnectionStream | null = null;
  #closing: Promise<void> | null = null;

  /** @internal */
  constructor(link: Link, reader: Reader, writer: Writer) {
    this.#link = link;
    this.#reader = reader;
    this.#writer = writer;
  }

  /** Where the peer is; an IPv4 peer of a dual-stack server is shown as IPv4. */
  get remoteAddress(): Address {
    return this.#link.remoteAddress;
  }

  /** Where the peer has connected to. */
  get localAddress(): Address {
    if (this.#localAddress === undefined) {
      const fd = this.#link.native.peer(this.#link.token, addressRecord, true);
      if (fd < 0) throw closedError();
      this.#localAddress = readAddress();
    }
    return this.#localAddress;
  }

  /**
   * The descriptor, for getsockopt() and the like; -1 once the connection is being closed. It is the
   * server's: close() it here and nowhere else.
   */
  get fd(): number {
    return Math.max(-1, this.#link.native.peer(this.#link.token, addressRecord, false));
  }

  /** Bytes that the handler has been given. */
  get bytesReceived(): number {
    return this.#reader.bytes;
  }

  /** Bytes that the system has taken to send. */
  get bytesSent(): number {
    return this.#writer.bytes;
  }

  /** Bytes that wait until the system has room for them: a peer that reads slowly has many. */
  get bytesUnsent(): number {
    return this.#writer.unsent;
  }

  /** Whether it is closed, or about to be. */
  get closed(): boolean {
    return this.#closing !== null || this.#link.ending !== Ending.none;
  }

  /**
   * `recv(fd, buffer, length, 0)`
   *
   * @returns The next chunk, of a seqpacket socket the next record; null at the end, and after close().
   * It is yours, unless the server was made with `lend`: then it is yours until the next read.
   * @throws {SocketError} ECONNRESET; ETIMEDOUT (idleTimeoutMs). See recv(2).
   */
  recv(): Promise<Buffer | null> {
    return this.#reader.recv();
  }

  /**
   * `recv(fd, buffer, size, MSG_WAITALL)`
   *
   * @returns Exactly `size` bytes, which are yours in any case.
   * @throws {SocketError} ENODATA (the peer ended before), and as {@link recv} does; what had come is in
   * `received`.
   */
  // An async function for all that throws at once.

  async recvExact(size: number): Promise<Buffer> {
    checkInteger('size', size, 0, MOST_BYTES);
    return this.#reader.recvExact(size);
  }

  /**
   * `getline(&line, &size, stream)`, with a limit
   *
   * @returns The next line as text, without its end (`\n` or `\r\n`); null at the end. A last line
   * that has no end counts as one.
   * @throws {SocketError} EMSGSIZE (longer than `maxBytes`; it stays there to be read by other calls),
   * and as {@link recv} does.
   */

  async readLine(options: ReadLineOptions = {}): Promise<string | null> {
    checkObject('options', options);
    const { maxBytes = LINE_BYTES } = options;
    checkInteger('options.maxBytes', maxBytes, 1, MOST_BYTES);
    return this.#reader.readLine(maxBytes);
  }

  /**
   * `send(fd, data, length, MSG_NOSIGNAL)`, waiting while there is no room at all
   *
   * @returns How many bytes the system took, which can be fewer than there were: see {@link sendAll}.
   * @throws {SocketError} EPIPE, ECONNRESET; EMSGSIZE (of a seqpacket socket); ETIMEDOUT
   * (idleTimeoutMs). See send(2).
   */

  async send(data: Data): Promise<number> {
    return this.#writer.send(data);
  }

  /**
   * {@link send}, as often as it takes until the system has all of it.
   *
   * @param data Bytes, or text that goes as UTF-8; bytes are to be left alone until it is done.
   * @throws {SocketError} as send() does; `bytesTransferred` tells how many bytes went before.
   */
  sendAll(data: Data | string): Promise<void> {
    return this.#writer.sendAll(data);
  }

  /**
   * `shutdown(fd, SHUT_WR)`, when all has been sent that was to be
   *
   * The peer sees the end, and can go on sending.
   */
  shutdown(): Promise<void> {
    return this.#writer.shutdown();
  }

  /**
   * `shutdown(fd, SHUT_WR); close(fd)`
   *
   * First, what is being sent is sent. What the peer still sends is thrown away for up to two seconds,
   * or until it ends too: a close with bytes unread would be a reset, and could take from the peer
   * what it has not read yet. Never rejects; called again, it gives the same promise.
   *
   * @returns When the descriptor is closed and the thread has gone on.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#reader.stop();
    await this.#writer.drained();
    this.#writer.close();
    this.#link.finish(Ending.graceful);
    await this.#link.gone;
  }

  /** `setsockopt(fd, SOL_SOCKET, SO_LINGER, {1, 0}); close(fd)`: ends it at once; the peer is told. */
  reset(): void {
    this.#end(Ending.reset);
  }

  #end(how: Ending): void {
    this.#reader.stop();
    this.#writer.close();
    this.#link.finish(how);
  }

  /** For `await using`: as close(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** {@link recv}, until the end. To leave the loop does not close the connection. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    return {
      next: () => this.#reader.recv().then(toResult),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  /**
   * A stream of Node's, for pipeline(), TLS, HTTP, readline: `httpServer.emit('connection',
   * connection.toDuplex())`. The connection is the stream's from now on: it ends with it, and not with
   * the handler.
   */
  toDuplex(): Duplex {
    this.#stream ??= this.#makeStream();
    return this.#stream;
  }

  #makeStream(): ConnectionStream {
    // Streams are loaded where they are used.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const loaded = require('./connection-stream.js') as typeof import('./connection-stream.js');
    return new loaded.ConnectionStream(this, this.#link.shared.lend, {
      isOver: () => this.#reader.ended && this.#writer.ended,
      abandon: () => {
        this.#end(Ending.now);
      },
      gone: this.#link.gone,
    });
  }

  /** @internal The server's: the connection belongs to a stream. */
  get isStream(): boolean {
    return this.#stream !== null;
  }

  /** @internal The server's: whether `error` only says that we have closed it ourselves. */
  isOurDoing(error: unknown): boolean {
    if (!this.closed) return false;
    const { code } = error as { code?: unknown };
    return error instanceof SocketError || code === 'ERR_SOCKET_CLOSED';
  }
}

function toResult(value: Buffer | null): IteratorResult<Buffer, undefined> {
  return value === null ? { done: true, value: undefined } : { done: false, value };
}
