// The message server: native/server on pthreads, seen from JavaScript.
import { EventEmitter } from 'node:events';
import { type Address, ADDRESS_RECORD_BYTES, readAddress } from './address.js';
import { binding, type NativeMessageServer } from './binding.js';
import { errorCode, SocketError } from './errors.js';
import { type ListenTarget, openListener, removeSocket } from './listener.js';
import { readOptions, type MessageServerOptions } from './message-server-options.js';
import * as sys from './sys.js';

import type {
  MessageEvent,
  MessageServerStats,
  MessageServerWarning,
  Outcome,
} from './message-server-events.js';

export type {
  MessageEvent,
  MessageServerStats,
  MessageServerWarning,
  Outcome,
} from './message-server-events.js';
export type { MessageServerOptions } from './message-server-options.js';

interface MessageServerEvents {
  message: [MessageEvent];
  warning: [MessageServerWarning];
  error: [SocketError];
  close: [];
  newListener: [name: string | symbol, listener: unknown];
  removeListener: [name: string | symbol, listener: unknown];
}

// The order of native/server/events.h.
const OUTCOMES = ['complete', 'reset', 'cut', 'idle', 'split'] as const;
const Kind = {
  message: 0,
  outputFailed: 1,
  listenerLost: 2,
  acceptDelayed: 3,
  spoolFailed: 4,
  spoolLost: 5,
  closed: 6,
} as const;
// The order of native/napi/message_server.cc.
const STATS = [
  'connections',
  'open',
  'threads',
  'messages',
  'bytesIn',
  'bytesOut',
  'bytesLost',
  'messagesLost',
  'memoryBytes',
  'spoolBytes',
  'splits',
  'cuts',
  'eventsDropped',
] as const satisfies (keyof MessageServerStats)[];

/**
 * Prints what each connection sends to a descriptor, whole message by whole message, on one native
 * thread per connection; JavaScript is not on the path of the data. Make one by
 * {@link createMessageServer}.
 *
 * Events: `'message'` after each message (without a listener, none of those that ended as they
 * should cost a call into JavaScript); `'warning'` for what goes wrong on the way;
 * `'error'` when the output fails (`syscall` is `write`) or the listener is lost (`accept`), after
 * which the server closes by itself; `'close'` when the drain is over.
 */
export class MessageServer extends EventEmitter<MessageServerEvents> {
  readonly #options: Required<MessageServerOptions>;
  readonly #native: NativeMessageServer;
  readonly #fields = new Float64Array(STATS.length);
  readonly #peer = Buffer.alloc(ADDRESS_RECORD_BYTES);
  #state: 'new' | 'opening' | 'listening' | 'closed' = 'new';
  #address: Address | null = null;
  #unlink: string | Uint8Array | null = null;
  #closed: Promise<MessageServerStats> | null = null;
  #onClosed: (() => void) | null = null;

  /** @internal */
  constructor(options: MessageServerOptions) {
    super();
    this.#options = readOptions(options);
    this.#native = new binding.MessageServer();
    this.on('newListener', (name) => {
      if (name === 'message') this.#native.tellAll(true);
    });
    this.on('removeListener', () => {
      this.#native.tellAll(this.listenerCount('message') > 0);
    });
  }

  /**
   * Starts to listen and to serve; once for each server. SO_REUSEADDR is set.
   *
   * @param target `{ port }` for all interfaces (IPv6 and IPv4 where there is IPv6), `{ port, host
   * }` for one, `{ path }` for a unix socket, which is removed again at the end; port 0 picks a
   * free one.
   * @returns The address, with the port that was picked.
   * @throws {SocketError} EADDRINUSE, EACCES (a port below 1024), EADDRNOTAVAIL (a host that is not
   * this machine's), from socket, bind or listen; EBADF from write, where the output cannot be
   * written to.
   */
  async listen(target: ListenTarget): Promise<Address> {
    if (this.#state !== 'new') throw new Error(`this server is ${this.#state} already`);
    this.#state = 'opening';
    try {
      const { fd, address } = await openListener(target, this.#options.backlog);
      if (this.#closed !== null) {
        sys.close(fd);
        throw new Error('this server was closed while it began to listen');
      }
      this.#start(fd, address, 'path' in target);
      if ('path' in target) this.#unlink = target.path;
      return address;
    } catch (error) {
      this.#state = 'new';
      throw error;
    }
  }

  #start(listener: number, address: Address, unixSocket: boolean): void {
    const { output, mode, ...rest } = this.#options;
    // The listener is the native server's from here on, whatever comes of it.
    const started = this.#native.start(
      listener,
      output,
      { ...rest, live: mode === 'live', unixSocket },
      () => {
        this.#takeEvents();
      },
    );
    if (started < 0) {
      // The listener is open, so a bad descriptor is the output, which cannot be written to.
      throw new SocketError(errorCode(started) === 'EBADF' ? 'write' : 'start', started);
    }
    this.#state = 'listening';
    this.#address = address;
  }

  /** Where it listens, or null before listen() and after close(). */
  address(): Address | null {
    return this.#address;
  }

  /** Counters of this moment. */
  stats(): MessageServerStats {
    this.#native.stats(this.#fields);
    const stats = {} as Record<keyof MessageServerStats, number>;
    STATS.forEach((name, index) => (stats[name] = this.#fields[index] ?? 0));
    return stats;
  }

  /**
   * Ends the server and loses nothing that a client's TCP has been told is received: stops
   * arrivals, reads what has arrived, prints it, finished messages first, and resets connections
   * whose message is not complete. Never rejects; called again, it gives the same promise.
   *
   * @returns The final counters, when every thread is gone and every descriptor closed.
   */
  close(): Promise<MessageServerStats> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#state !== 'listening') {
        this.#state = 'closed';
        resolve(this.stats());
        return;
      }
      this.#onClosed = () => {
        resolve(this.stats());
      };
      this.#native.close();
    });
    return this.#closed;
  }

  /** {@link close}, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Writes a line of the program's own to the output when no message is in the middle of being
   * printed: at once, or at the end of that message.
   */
  aside(text: string): void {
    this.#native.aside(Buffer.from(text));
  }

  /** Lets the process end while the server listens. */
  unref(): this {
    this.#native.setRef(false);
    return this;
  }

  /** Undoes {@link unref}: the process lives as long as the server listens. */
  ref(): this {
    this.#native.setRef(true);
    return this;
  }

  #takeEvents(): void {
    while (this.#native.take(this.#fields, this.#peer)) {
      const [kind = 0, outcome = 0, errno = 0, bytes = 0, offset = 0, lost = 0, call, lostFloor] =
        this.#fields;
      switch (kind) {
        case Kind.message:
          this.#message(OUTCOMES[outcome] ?? 'complete', errno, bytes, offset, lost);
          if (lostFloor === 1) this.#split(offset);
          break;
        case Kind.outputFailed:
          this.#emitError(new SocketError('write', errno));
          break;
        case Kind.listenerLost:
          this.#emitError(new SocketError('accept', errno));
          break;
        case Kind.acceptDelayed:
          this.#acceptDelayed(call === 1 ? 'pthread_create' : 'accept', errno);
          break;
        case Kind.spoolFailed:
          this.#spoolFailed(errno);
          break;
        case Kind.spoolLost:
          this.#spoolLost(errno, bytes, lost);
          break;
        default:
          this.#finish();
      }
    }
  }

  #message(outcome: Outcome, errno: number, bytes: number, offset: number, lost: number): void {
    const remoteAddress = readAddress(this.#peer);
    const error = errno === 0 ? {} : { error: new SocketError('recv', errno, remoteAddress) };
    this.emit('message', { remoteAddress, bytes, outcome, lost, ...error });
    const from = `message from ${peerText(remoteAddress)}`;
    const told = { remoteAddress, bytes: offset, ...error };
    if (outcome === 'reset') {
      const code = error.error?.code ?? '';
      const message = `${from}: ${code} after ${offset} bytes; what had arrived is printed`;
      this.emit('warning', { kind: outcome, message, ...told });
    } else if (outcome === 'idle') {
      const message = `${from}: ended after ${offset} bytes, nothing came for ${this.#options.idleTimeoutMs} ms; what had arrived is printed`;
      this.emit('warning', { kind: outcome, message, ...told });
    }
  }

  #split(offset: number): void {
    const remoteAddress = readAddress(this.#peer);
    const message = `message from ${peerText(remoteAddress)}: split at byte ${offset}, it kept others waiting for more than ${this.#options.stallMs} ms`;
    this.emit('warning', { kind: 'split', message, remoteAddress, bytes: offset });
  }

  #acceptDelayed(call: 'accept' | 'pthread_create', errno: number): void {
    const error = new SocketError(call, errno);
    const message = `${call}: ${error.code}, new connections wait until it succeeds`;
    this.emit('warning', { kind: call === 'accept' ? 'accept' : 'thread', message, error });
  }

  #spoolFailed(errno: number): void {
    const error = new SocketError('write', errno);
    const { spoolDirectory, spoolBytes } = this.#options;
    const why =
      error.code === 'EDQUOT'
        ? `the spool is full (${spoolBytes} bytes)`
        : `the spool in ${spoolDirectory} cannot be used: ${error.code}`;
    this.emit('warning', {
      kind: 'spool',
      message: `${why}; long messages wait for their turn unread`,
      error,
    });
  }

  #spoolLost(errno: number, bytes: number, lost: number): void {
    const remoteAddress = readAddress(this.#peer);
    const error = new SocketError('read', errno);
    const message = `message from ${peerText(remoteAddress)}: ${lost} of ${bytes} bytes are lost, the spool in ${this.#options.spoolDirectory} could not be read: ${error.code}`;
    this.emit('warning', { kind: 'spool', message, remoteAddress, error });
  }

  /** An output or listener that failed is told to close() too, so a missing listener is no crash. */
  #emitError(error: SocketError): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else process.emitWarning(error);
  }

  #finish(): void {
    this.#state = 'closed';
    this.#address = null;
    if (this.#unlink !== null) removeSocket(this.#unlink);
    this.#onClosed?.();
    // After an error of its own, close() was not called: whoever calls it later gets the counters.
    this.#closed ??= Promise.resolve(this.stats());
    this.emit('close');
  }
}

function peerText(peer: Address): string {
  if (peer.port === undefined) return 'a client';
  return peer.address.includes(':')
    ? `[${peer.address}]:${peer.port}`
    : `${peer.address}:${peer.port}`;
}

/**
 * Makes a server that prints messages; see {@link MessageServer}.
 *
 * @param options `output` is the descriptor to print to. It is borrowed: the server never closes it
 * or changes its flags.
 */
export function createMessageServer(options: MessageServerOptions): MessageServer {
  return new MessageServer(options);
}
