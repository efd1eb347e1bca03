// Servers with a handler in JavaScript: native/server on pthreads does the accepting and reading.
import { EventEmitter } from 'node:events';
import { type Address, addressRecord, readAddress } from './address.js';
import { binding, type NativeStreamServer } from './binding.js';
import { Connection } from './connection.js';
import { Ending, Link, type LinkShared } from './connection-link.js';
import { Reader } from './connection-reader.js';
import { Writer } from './connection-writer.js';
import { SocketError } from './errors.js';
import { removeSocket } from './listener.js';
import {
  openServerListener,
  readServerOptions,
  type ServerListener,
  type ServerOptions,
  type ServerTarget,
} from './server-options.js';
import * as sys from './sys.js';
import { readStats, type ServerStats, type ServerWarning, warn } from './server-events.js';
import { Turn } from './turn.js';
import { typeError } from './validate.js';

export type { ServerStats, ServerWarning } from './server-events.js';
export type { ServerOptions, ServerTarget } from './server-options.js';

/** Serves one connection. When its promise settles, the connection ends: see {@link Server}. */
export type ConnectionHandler = (connection: Connection) => unknown;

interface ServerEvents {
  connectionError: [error: unknown, connection: Connection];
  warning: [ServerWarning];
  error: [SocketError];
  close: [];
}

// The order of native/napi/stream_server.cc.
const Kind = {
  opened: 0,
  gone: 1,
  small: 2,
  large: 3,
  ended: 4,
  failed: 5,
  room: 6,
  acceptFailed: 7,
  lost: 8,
  closed: 9,
} as const;
const RECORD = 4;
const RECORDS = 528;
const SMALL_BYTES = 256 * 1024;
/** How long a peer may keep a connection that was closed from ending. */
const LINGER_MS = 2000;

interface Served {
  connection: Connection;
  link: Link;
  reader: Reader;
  writer: Writer;
}

/**
 * Serves each connection by a handler in JavaScript, and reads it on a native thread of its own. Make
 * one by {@link createServer}.
 *
 * When a handler's promise is fulfilled, what it sends is sent, and the connection is closed; when it
 * is rejected, the connection is reset, so that its peer does not take what came for all, and
 * `'connectionError'` tells. Where toDuplex() was called, the stream has the connection instead.
 *
 * Events: `'connectionError'` (error, connection), a warning of the process where nobody listens;
 * `'warning'` where accept() or a new thread failed, which is tried again; `'error'` when the listener
 * is lost, after which the server closes by itself; `'close'` when all is gone.
 */
export class Server extends EventEmitter<ServerEvents> {
  readonly #options: Required<ServerOptions>;
  readonly #handler: ConnectionHandler;
  readonly #native: NativeStreamServer;
  readonly #shared: LinkShared;
  readonly #served = new Map<number, Served>();
  readonly #records = new Float64Array(RECORD * RECORDS);
  readonly #lingering = new Map<Link, number>();
  #sweep: NodeJS.Timeout | undefined;
  #state: 'new' | 'opening' | 'listening' | 'closed' = 'new';
  #address: Address | null = null;
  #path: string | Uint8Array | null = null;
  #closed: Promise<void> | null = null;
  #onClosed: (() => void) | null = null;

  /** @internal */
  constructor(options: ServerOptions, handler: ConnectionHandler | undefined) {
    super();
    this.#options = readServerOptions(options);
    if (typeof handler !== 'function') throw typeError('handler', 'of type function', handler);
    this.#handler = handler;
    this.#native = new binding.StreamServer();
    this.#shared = {
      native: this.#native,
      turn: new Turn(),
      small: Buffer.from(new ArrayBuffer(SMALL_BYTES)),
      lend: this.#options.lend,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      lingers: (link) => {
        this.#linger(link);
      },
    };
  }

  /**
   * Starts to listen and to serve; once for each server. SO_REUSEADDR is set.
   *
   * @param target `{ port }` for all interfaces (IPv6 and IPv4 where there is IPv6), `{ port, host }`
   * for one; port 0 picks a free one. `{ path }` for a unix socket, with `type: 'seqpacket'` one of
   * records; it is removed again at the end. `{ fd }` for a socket that listens already, which is the
   * server's from now on.
   * @returns The address, with the port that was picked.
   * @throws {SocketError} EADDRINUSE, EACCES (a port below 1024), EADDRNOTAVAIL (a host that is not
   * this machine's), from socket, bind or listen; ENOTSOCK (`fd`).
   */
  async listen(target: ServerTarget): Promise<Address> {
    if (this.#state !== 'new') throw new Error(`this server is ${this.#state} already`);
    this.#state = 'opening';
    try {
      const listener = await openServerListener(target, this.#options);
      if (this.#closed !== null) {
        sys.close(listener.fd);
        throw new Error('this server was closed while it began to listen');
      }
      this.#start(listener);
      return listener.address;
    } catch (error) {
      this.#state = this.#closed === null ? 'new' : 'closed';
      throw error;
    }
  }

  #start({ fd, address, records, path }: ServerListener): void {
    const { whenFull, maxConnections, idleTimeoutMs, memoryBytes, lend } = this.#options;
    const refuse = whenFull === 'close';
    // The listener is the native server's from here on, whatever comes of it.
    const started = this.#native.start(
      fd,
      { records, refuse, maxConnections, idleTimeoutMs, memoryBytes, lend },
      this.#records,
      this.#shared.small,
      () => {
        this.#drain();
      },
    );
    if (started < 0) throw new SocketError('start', started);
    this.#state = 'listening';
    this.#address = address;
    this.#path = path;
  }

  /** Where it listens, or null before listen() and after close(). */
  address(): Address | null {
    return this.#address;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#served.size;
  }

  /** Counters of this moment. */
  stats(): ServerStats {
    return readStats(this.#native);
  }

  /**
   * Accepts no more, and waits until every connection has ended: handlers go on as before. With
   * `force`, also later on, each connection is reset and its handler's reads end, its sends fail.
   * Never rejects.
   *
   * @returns When every thread is gone and every descriptor closed. A handler may still run then, if it
   * waits for something else than its connection.
   */
  close({ force = false }: { force?: boolean } = {}): Promise<void> {
    this.#closed ??= this.#close();
    if (force) for (const { connection } of [...this.#served.values()]) connection.reset();
    return this.#closed;
  }

  #close(): Promise<void> {
    if (this.#state !== 'listening') {
      this.#state = 'closed';
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#address = null;
      this.#native.close();
      if (this.#path !== null) removeSocket(this.#path);
    });
  }

  /** For `await using`: as close(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Lets the process end while the server listens. */
  unref(): this {
    this.#native.setRef(false);
    return this;
  }

  /** Undoes unref(): the process stays while the server listens. */
  ref(): this {
    this.#native.setRef(true);
    return this;
  }

  /** Takes what native code has to tell. No user's code runs in here, so nothing throws. */
  #drain(): void {
    const chunks: (Buffer | ArrayBuffer)[] = [];
    const count = this.#native.drain(chunks);
    for (let at = 0; at < count * RECORD; at += RECORD) {
      const token = this.#records[at + 1] ?? 0;
      const one = this.#records[at + 2] ?? 0;
      const kind = this.#records[at] ?? 0;
      if (kind === Kind.opened) this.#open(token);
      else if (kind >= Kind.acceptFailed) this.#serverEvent(kind, one, at);
      else {
        const served = this.#served.get(token);
        if (served !== undefined) this.#tell(served, kind, one, at, chunks);
      }
    }
  }

  #tell(
    { reader, writer, link }: Served,
    kind: number,
    one: number,
    at: number,
    chunks: readonly (Buffer | ArrayBuffer)[],
  ): void {
    switch (kind) {
      case Kind.small:
        reader.small(one, this.#records[at + 3] ?? 0);
        break;
      case Kind.large:
        reader.large(chunks[one] ?? Buffer.alloc(0));
        break;
      case Kind.ended:
        reader.over(0);
        break;
      case Kind.failed:
        reader.over(one);
        break;
      case Kind.room:
        writer.room();
        break;
      default:
        this.#served.delete(link.token);
        this.#lingering.delete(link);
        link.setGone();
    }
  }

  #serverEvent(kind: number, errno: number, at: number): void {
    if (kind === Kind.closed) {
      this.#finish();
    } else if (kind === Kind.lost) {
      this.#later('error', new SocketError('accept', errno));
      void this.close();
    } else {
      const call = this.#records[at + 3] === 1 ? 'pthread_create' : 'accept';
      const error = new SocketError(call, errno);
      const message = `${call}: ${error.code}, new connections wait until it succeeds`;
      this.#later('warning', { kind: call === 'accept' ? 'accept' : 'thread', message, error });
    }
  }

  #open(token: number): void {
    this.#native.peer(token, addressRecord, false);
    const link = new Link(this.#shared, token, readAddress());
    const reader = new Reader(link);
    const writer = new Writer(link);
    const connection = new Connection(link, reader, writer);
    this.#served.set(token, { connection, link, reader, writer });
    void this.#serve(connection);
  }

  async #serve(connection: Connection): Promise<void> {
    try {
      // Not now: the news of other connections come first.
      await Promise.resolve(connection).then(this.#handler);
      if (!connection.isStream) void connection.close();
    } catch (error) {
      const isOurs = connection.isOurDoing(error);
      connection.reset();
      if (!isOurs) this.#later('connectionError', error, connection);
    }
  }

  /** Ends what takes too long to end by itself. */
  #linger(link: Link): void {
    this.#lingering.set(link, performance.now() + LINGER_MS);
    this.#sweep ??= setInterval(() => {
      const now = performance.now();
      for (const [each, deadline] of this.#lingering) {
        if (deadline > now) break;
        this.#lingering.delete(each);
        each.finish(Ending.now);
      }
      if (this.#lingering.size === 0) this.#stopSweep();
    }, LINGER_MS / 4).unref();
  }

  #stopSweep(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  /** Emits what users hear, whose mistakes are not to be in the way of anything here. */
  #later<E extends 'connectionError' | 'warning' | 'error'>(
    name: E,
    ...args: ServerEvents[E]
  ): void {
    process.nextTick(() => {
      const isHeard = this.listenerCount(name) > 0;
      if (isHeard || name === 'error') (this as EventEmitter).emit(name, ...args);
      else warn(args[0]);
    });
  }

  #finish(): void {
    this.#state = 'closed';
    this.#stopSweep();
    this.#onClosed?.();
    process.nextTick(() => this.emit('close'));
  }
}

/**
 * Makes a server; see {@link Server}, {@link Connection}.
 *
 * @example
 * const server = createServer(async (connection) => {
 *   for await (const chunk of connection) await connection.sendAll(chunk);
 * });
 * await server.listen({ port: 5000 });
 */
export function createServer(handler: ConnectionHandler): Server;
export function createServer(options: ServerOptions, handler: ConnectionHandler): Server;
export function createServer(
  first: ServerOptions | ConnectionHandler,
  second?: ConnectionHandler,
): Server {
  if (typeof first === 'function') return new Server({}, first);
  return new Server(first, second);
}
