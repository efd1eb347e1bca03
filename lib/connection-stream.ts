// A connection as a stream of Node's.
import { Duplex } from 'node:stream';
import type { Address } from './address.js';
import type { Data } from './validate.js';

/** What a stream needs of its connection. */
interface Source {
  readonly remoteAddress: Address;
  readonly localAddress: Address;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  recv(): Promise<Buffer | null>;
  sendAll(data: Data): Promise<void>;
  shutdown(): Promise<void>;
  close(): Promise<void>;
  reset(): void;
}

interface Control {
  /** Whether both sides have ended. */
  isOver(): boolean;
  abandon(): void;
  gone: Promise<void>;
}

type Done = (error?: Error | null) => void;

/** Has the addresses and the timeout that programs look for in a net.Socket. */
export class ConnectionStream extends Duplex {
  readonly #source: Source;
  readonly #lent: boolean;
  readonly #control: Control;
  #timeoutMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Source, lent: boolean, control: Control) {
    super({ allowHalfOpen: true });
    this.#source = source;
    this.#lent = lent;
    this.#control = control;
  }

  get remoteAddress(): string | undefined {
    return addressOf(this.#source.remoteAddress);
  }

  get remotePort(): number | undefined {
    return portOf(this.#source.remoteAddress);
  }

  get remoteFamily(): string {
    return String(this.#source.remoteAddress.family);
  }

  get localAddress(): string | undefined {
    return this.destroyed ? undefined : addressOf(this.#source.localAddress);
  }

  get localPort(): number | undefined {
    return this.destroyed ? undefined : portOf(this.#source.localAddress);
  }

  get bytesRead(): number {
    return this.#source.bytesReceived;
  }

  get bytesWritten(): number {
    return this.#source.bytesSent;
  }

  /** As of net.Socket: 'timeout' is emitted when nothing goes either way for so long; 0 = never. */
  setTimeout(ms: number, listener?: () => void): this {
    this.#timeoutMs = ms;
    if (listener !== undefined) this.once('timeout', listener);
    this.#active();
    return this;
  }

  #active(): void {
    clearTimeout(this.#timer);
    if (this.#timeoutMs <= 0 || this.destroyed) return;
    this.#timer = setTimeout(() => this.emit('timeout'), this.#timeoutMs).unref();
  }

  override _read(): void {
    this.#source.recv().then(
      (chunk) => {
        this.#active();
        this.push(chunk !== null && this.#lent ? Buffer.from(chunk) : chunk);
      },
      (error: unknown) => {
        this.destroy(error as Error);
      },
    );
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#active();
    this.#source.sendAll(chunk).then(
      () => {
        done();
      },
      (error: unknown) => {
        done(error as Error);
      },
    );
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', done);
  }

  override _final(done: Done): void {
    this.#source.shutdown().then(
      () => {
        done();
      },
      (error: unknown) => {
        done(error as Error);
      },
    );
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer);
    if (error !== null) this.#source.reset();
    else if (this.#control.isOver()) void this.#source.close();
    else this.#control.abandon();
    void this.#control.gone.then(() => {
      done(error);
    });
  }
}

function addressOf(address: Address): string | undefined {
  return 'address' in address ? address.address : undefined;
}

function portOf(address: Address): number | undefined {
  return 'port' in address ? address.port : undefined;
}
