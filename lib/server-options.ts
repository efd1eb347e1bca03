// The options of createServer() and of its listen(): their defaults and their checks.
import { constants } from './constants.js';
import { type Listener, type ListenTarget, openListener } from './listener.js';
import * as sys from './sys.js';
import { checkBoolean, checkFd, checkInteger, checkObject, valueError } from './validate.js';

/** What createServer() can be told; all of it has defaults. */
export interface ServerOptions {
  /** Connections that may wait in the kernel's queue. Default: 10. */
  backlog?: number;
  /** Connections, and threads, at once. Default: 1024. */
  maxConnections?: number;
  /** What becomes of a connection beyond those: it waits in the kernel's queue, or is closed at once.
   * Default: `wait`. */
  whenFull?: 'wait' | 'close';
  /** A connection on which no byte goes either way for so long, while the server reads it or has
   * something to send, fails with ETIMEDOUT; 0 = never. Default: 0. */
  idleTimeoutMs?: number;
  /** What all connections together may have received and not taken. Default: 64 MiB. */
  memoryBytes?: number;
  /** Chunks are lent and not copied: one is the handler's until it reads again, and is detached (its
   * length is 0) from then on. Default: false. */
  lend?: boolean;
  /** Other sockets may listen at the same address, and the kernel shares the clients out
   * (SO_REUSEPORT). Default: false. */
  reusePort?: boolean;
}

/**
 * Where a server listens: a port of all interfaces, or of one; a unix socket; or a socket that listens
 * already, such as one of listenFds(), and belongs to the server from then on.
 */
export type ServerTarget =
  ListenTarget | { path: string | Uint8Array; type?: 'stream' | 'seqpacket' } | { fd: number };

export interface ServerListener extends Listener {
  /** Its connections keep records apart. */
  records: boolean;
  /** A path that is ours to remove. */
  path: string | Uint8Array | null;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const INT32_MAX = 2 ** 31 - 1;

// Least and most of the numbers, and what stands where none is given.
const NUMBERS = {
  backlog: [-INT32_MAX, INT32_MAX, 10],
  maxConnections: [1, 1_000_000, 1024],
  idleTimeoutMs: [0, INT32_MAX, 0],
  memoryBytes: [256 * KIB, Number.MAX_SAFE_INTEGER, 64 * MIB],
} as const satisfies Partial<Record<keyof ServerOptions, readonly [number, number, number]>>;

/** The options with every default filled in, or the error that says what is wrong with them. */
export function readServerOptions(options: unknown): Required<ServerOptions> {
  checkObject('options', options);
  const given = options as ServerOptions;
  const { whenFull = 'wait', lend = false, reusePort = false } = given;
  if (!['wait', 'close'].includes(whenFull)) {
    throw valueError('options.whenFull', whenFull, "must be 'wait' or 'close'");
  }
  checkBoolean('options.lend', lend);
  checkBoolean('options.reusePort', reusePort);
  const numbers = {} as Record<keyof typeof NUMBERS, number>;
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    const [least, most, fallback] = NUMBERS[name];
    const value: unknown = given[name] ?? fallback;
    checkInteger(`options.${name}`, value, least, most);
    numbers[name] = value;
  }
  return { whenFull, lend, reusePort, ...numbers };
}

/** Whoever opens the listener owns it. */
export async function openServerListener(
  target: ServerTarget,
  { backlog, reusePort }: Required<ServerOptions>,
): Promise<ServerListener> {
  checkObject('target', target);
  if ('fd' in target) return adoptListener(target.fd);
  const kind: string = ('type' in target ? target.type : undefined) ?? 'stream';
  if (kind !== 'stream' && kind !== 'seqpacket') {
    throw valueError('target.type', kind, "must be 'stream' or 'seqpacket'");
  }
  const records = kind === 'seqpacket';
  const type = records ? constants.SOCK_SEQPACKET : constants.SOCK_STREAM;
  const listener = await openListener(target, backlog, { reusePort, type });
  return { ...listener, records, path: 'path' in target ? target.path : null };
}

function adoptListener(fd: number): ServerListener {
  checkFd(fd, 'target.fd');
  const option = (name: number) => sys.getsockopt(fd, constants.SOL_SOCKET, name);
  const type = option(constants.SO_TYPE);
  const isListening = option(constants.SO_ACCEPTCONN) !== 0;
  const records = type === constants.SOCK_SEQPACKET;
  if (!isListening || (type !== constants.SOCK_STREAM && !records)) {
    throw valueError('target.fd', fd, 'must be a stream or seqpacket socket that listens');
  }
  return { fd, address: sys.getsockname(fd), records, path: null };
}
