// The receiving half of a connection: chunks as native code has them, and what is made of them.
import type { Link } from './connection-link.js';
import { SocketError } from './errors.js';
import { EMSGSIZE, ENODATA } from './readiness.js';

/** native/napi/stream_server.cc has the same. */
const NOTHING_YET = 0;
const END_OF_STREAM = -200000;

const NEWLINE = 10;
const RETURN = 13;

export type Chunk = Buffer | null;

interface Pending {
  resolve: (chunk: Chunk) => void;
  reject: (error: unknown) => void;
}

export class Reader {
  readonly #link: Link;
  /** What was received and not taken by anyone. */
  #rest: Chunk = null;
  #pending: Pending | null = null;
  /** An operation of several reads is going on. */
  #operating = false;
  #queue: (() => void)[] = [];
  #end: 'open' | 'ended' | 'stopped' = 'open';
  #error: SocketError | null = null;
  bytes = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Whether all has been read that the peer has sent. */
  get ended(): boolean {
    return this.#end === 'ended' && this.#rest === null;
  }

  recv(): Promise<Chunk> {
    if (this.#busy) return this.#later(() => this.recv());
    const chunk = this.#take();
    return chunk instanceof Promise ? chunk : Promise.resolve(chunk);
  }

  recvExact(size: number): Promise<Buffer> {
    return this.#alone(() => this.#exact(size));
  }

  readLine(maxBytes: number): Promise<string | null> {
    return this.#alone(() => this.#line(maxBytes));
  }

  /** No more is read; who waits gets the end. */
  stop(): void {
    if (this.#end === 'stopped') return;
    this.#end = 'stopped';
    this.#rest = null;
    this.#settle(null);
  }

  // What native code tells, after #take() has waited.

  small(offset: number, length: number): void {
    this.#settle(this.#keep(offset, length));
  }

  large(chunk: Buffer | ArrayBuffer): void {
    this.#settle(this.#own(chunk));
  }

  over(errno: number): void {
    const error = this.#over(errno);
    const pending = this.#pending;
    if (error === null) this.#settle(null);
    else {
      this.#pending = null;
      pending?.reject(error);
      this.#runQueue();
    }
  }

  get #busy(): boolean {
    return this.#pending !== null || this.#operating;
  }

  /** The next chunk, at once where it is there. */
  #take(): Chunk | Promise<Chunk> {
    const rest = this.#rest;
    if (rest !== null) {
      this.#rest = null;
      return rest;
    }
    if (this.#error !== null) return Promise.reject(this.#error);
    if (this.#end !== 'open') return null;
    const { turn, native } = this.#link.shared;
    if (!turn.spend()) return this.#wait(turn.next());
    const { lent } = this.#link;
    this.#link.lent = undefined;
    const got = native.read(this.#link.token, lent);
    if (typeof got === 'object') return this.#own(got);
    if (got > 0) return this.#keep(0, got);
    if (got === NOTHING_YET) return this.#wait();
    const error = this.#over(got === END_OF_STREAM ? 0 : got);
    return error === null ? null : Promise.reject(error);
  }

  /** Waits for what native code tells, or where a turn is given, for that, to try once more. */
  #wait(turn?: Promise<void>): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      const pending = { resolve, reject };
      this.#pending = pending;
      void turn?.then(() => {
        if (this.#pending !== pending) return;
        this.#pending = null;
        const chunk = this.#take();
        if (chunk instanceof Promise) chunk.then(resolve, reject);
        else resolve(chunk);
        this.#runQueue();
      });
    });
  }

  #settle(chunk: Chunk): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.resolve(chunk);
    this.#runQueue();
  }

  #keep(offset: number, length: number): Buffer {
    this.bytes += length;
    const { small, lend } = this.#link.shared;
    // What is lent is detached at the next read, and so cannot be in memory that others share.
    const chunk = lend ? Buffer.allocUnsafeSlow(length) : Buffer.allocUnsafe(length);
    small.copy(chunk, 0, offset, offset + length);
    if (lend) this.#link.lent = chunk.buffer;
    return chunk;
  }

  #own(chunk: Buffer | ArrayBuffer): Buffer {
    this.bytes += chunk.byteLength;
    // A Buffer is the handler's own, also where chunks are lent as a rule.
    if (Buffer.isBuffer(chunk)) return chunk;
    this.#link.lent = chunk;
    return Buffer.from(chunk);
  }

  #over(errno: number): SocketError | null {
    if (this.#end === 'open') this.#end = 'ended';
    if (errno === 0) return null;
    this.#error = new SocketError('recv', errno, this.#link.details);
    return this.#error;
  }

  /** Runs an operation of several reads when no other is going on. */
  #alone<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#busy) return this.#later(() => this.#alone(operation));
    this.#operating = true;
    return operation().finally(() => {
      this.#operating = false;
      this.#runQueue();
    });
  }

  #later<T>(operation: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#queue.push(() => {
        operation().then(resolve, reject);
      });
    });
  }

  #runQueue(): void {
    while (this.#queue.length > 0 && !this.#busy) this.#queue.shift()?.();
  }

  async #exact(size: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let have = 0;
    try {
      while (have < size) {
        const taken = this.#take();
        const chunk = taken instanceof Promise ? await taken : taken;
        if (chunk === null) throw new SocketError('recv', ENODATA, this.#link.details);
        have += chunk.length;
        const over = have - size;
        if (over > 0) this.#rest = chunk.subarray(chunk.length - over);
        chunks.push(this.#mine(over > 0 ? chunk.subarray(0, chunk.length - over) : chunk));
      }
    } catch (error) {
      throw Object.assign(error as Error, {
        received: Buffer.concat(chunks),
        bytesTransferred: have,
      });
    }
    return joined(chunks);
  }

  async #line(maxBytes: number): Promise<string | null> {
    const chunks: Buffer[] = [];
    let have = 0;
    for (;;) {
      const taken = this.#take();
      const chunk = taken instanceof Promise ? await taken : taken;
      if (chunk === null) return have === 0 ? null : textOf(chunks);
      const at = chunk.indexOf(NEWLINE);
      const length = at < 0 ? chunk.length : at + 1;
      if (have + length > maxBytes) {
        // It stays there for whoever wants to read on in another way.
        chunks.push(chunk);
        this.#rest = Buffer.concat(chunks);
        throw new SocketError('recv', EMSGSIZE, this.#link.details);
      }
      have += length;
      chunks.push(this.#mine(length < chunk.length ? chunk.subarray(0, length) : chunk));
      if (length < chunk.length) this.#rest = chunk.subarray(length);
      if (at >= 0) return textOf(chunks);
    }
  }

  /** What is lent is copied before the next read takes it away. */
  #mine(chunk: Buffer): Buffer {
    return chunk.buffer === this.#link.lent ? Buffer.from(chunk) : chunk;
  }
}

/** A line without its end. */
function textOf(chunks: readonly Buffer[]): string {
  const line = joined(chunks);
  let end = line.length;
  if (line[end - 1] === NEWLINE) {
    end -= 1;
    if (line[end - 1] === RETURN) end -= 1;
  }
  return line.toString('utf8', 0, end);
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}
