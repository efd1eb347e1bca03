// The sending half of a connection. What the kernel has no room for waits here, in order; the thread
// that JavaScript runs on never does.
import { closedError, type Link } from './connection-link.js';
import { SocketError } from './errors.js';
import { EAGAIN, EINTR, EPIPE, ETIMEDOUT } from './readiness.js';
import { REFUSED_ARGUMENT } from './binding.js';
import { bytesOf, dataError, type Data } from './validate.js';

interface Write {
  data: Uint8Array;
  /** Of the data as it was: a buffer can be resized while it waits. */
  length: number;
  sent: number;
  /** Whether all of it is to be sent, or what one send() takes. */
  all: boolean;
  resolve: (sent: number | undefined) => void;
  reject: (error: unknown) => void;
}

export class Writer {
  readonly #link: Link;
  readonly #queue: Write[] = [];
  #waiting = false;
  #timer: NodeJS.Timeout | undefined;
  #onDrained: (() => void)[] = [];
  #shutdown: Promise<void> | null = null;
  #closed = false;
  /** What ended the sending in the middle of some data. */
  #broken: Error | null = null;
  bytes = 0;
  unsent = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  get ended(): boolean {
    return this.#shutdown !== null && this.#queue.length === 0;
  }

  send(data: Data): Promise<number> {
    return this.#write(bytesOf('data', data), false) as Promise<number>;
  }

  sendAll(data: Data | string): Promise<void> {
    try {
      const bytes = typeof data === 'string' ? Buffer.from(data) : bytesOf('data', data);
      return this.#write(bytes, true) as Promise<undefined>;
    } catch (error) {
      const reason: Error = error as Error;
      return Promise.reject(reason);
    }
  }

  shutdown(): Promise<void> {
    this.#shutdown ??= this.drained().then(() => {
      if (!this.#closed) this.#link.native.shutdown(this.#link.token);
    });
    return this.#shutdown;
  }

  /** Resolves when nothing waits to be sent any more, sent or not. */
  drained(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#closed = true;
    for (let [write] = this.#queue; write !== undefined; [write] = this.#queue) {
      this.#fail(closedError({ bytesTransferred: write.sent }));
    }
  }

  /** There may be room now. */
  room(): void {
    this.#waiting = false;
    this.#pump();
  }

  /** Resolves to the count, or to nothing where all has to go. */
  #write(data: Uint8Array, all: boolean): Promise<number | undefined> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#broken !== null) return Promise.reject(this.#broken);
    if (this.#shutdown !== null) return Promise.reject(this.#error(EPIPE, 0));
    const { length } = data;
    let sent = 0;
    if (this.#queue.length === 0 && this.#link.shared.turn.spend()) {
      const result = this.#send(data, 0);
      if (result === length || (result >= 0 && !all)) {
        return Promise.resolve(all ? undefined : result);
      }
      if (result < 0 && result !== EAGAIN && result !== EINTR) {
        return Promise.reject(this.#refusal(result, data, 0));
      }
      sent = Math.max(result, 0);
    }
    return new Promise((resolve, reject) => {
      this.unsent += length - sent;
      const isFirst = this.#queue.push({ data, length, sent, all, resolve, reject }) === 1;
      if (isFirst) this.#await(sent === 0 && this.#link.shared.turn.isOver);
    });
  }

  #send(data: Uint8Array, from: number): number {
    const result = this.#link.native.send(this.#link.token, data, from);
    if (result > 0) this.bytes += result;
    return result;
  }

  /** Waits for room, or for the next turn where too much has been done in this one. */
  #await(forTurn = false): void {
    if (this.#waiting) return;
    this.#waiting = true;
    const { turn, native, idleTimeoutMs } = this.#link.shared;
    if (forTurn) {
      void turn.next().then(() => {
        this.room();
      });
      return;
    }
    const result = native.awaitRoom(this.#link.token);
    if (result < 0) {
      this.#waiting = false;
      this.#fail(this.#error(result, this.#queue[0]?.sent ?? 0));
      this.#pump();
    } else if (idleTimeoutMs > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#broken = this.#error(ETIMEDOUT, this.#queue[0]?.sent ?? 0);
        while (this.#queue.length > 0) this.#fail(this.#broken);
      }, idleTimeoutMs);
    }
  }

  #pump(): void {
    while (!this.#waiting) {
      const [write] = this.#queue;
      if (write === undefined) return;
      const { data, length, sent } = write;
      const result = this.#send(data, sent);
      if (result > 0 || length === sent) {
        write.sent += result;
        this.unsent -= result;
        this.#stopTimer();
        if (write.sent < length && write.all) this.#await();
        else this.#done();
      } else if (result === EAGAIN || result === EINTR) {
        this.#await();
      } else {
        // No bytes went though there were some: the buffer has shrunk.
        this.#fail(this.#refusal(result === 0 ? REFUSED_ARGUMENT : result, data, sent));
      }
    }
  }

  #done(): void {
    const write = this.#queue.shift();
    if (write === undefined) return;
    this.unsent -= write.length - write.sent;
    write.resolve(write.all ? undefined : write.sent);
    this.#tellDrained();
  }

  #fail(error: unknown): void {
    const write = this.#queue.shift();
    if (write === undefined) return;
    this.unsent -= write.length - write.sent;
    write.reject(error);
    this.#tellDrained();
  }

  #tellDrained(): void {
    if (this.#queue.length > 0) return;
    this.#stopTimer();
    for (const tell of this.#onDrained.splice(0)) tell();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #refusal(result: number, data: Uint8Array, sent: number): Error {
    return result === REFUSED_ARGUMENT ? dataError('data', data) : this.#error(result, sent);
  }

  #error(errno: number, bytesTransferred: number): SocketError {
    return new SocketError('send', errno, { ...this.#link.details, bytesTransferred });
  }
}
