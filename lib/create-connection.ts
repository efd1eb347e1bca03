import type { AddressInput } from './address.js';
import { constants } from './constants.js';
import { SocketError } from './errors.js';
import { Socket } from './socket.js';
import * as sys from './sys.js';
import { checkInteger, checkObject, checkPort, typeError } from './validate.js';

/** What createConnection() is to connect to. */
export interface ConnectionTarget {
  /** A name or an IP address; without it, this machine. */
  host?: string | undefined;
  port: number;
  /** The longest wait for each of the host's addresses, in milliseconds; 0, as by default, is as long
   * as the system waits. */
  timeoutMs?: number | undefined;
}

const ENOTFOUND = -3008;

/**
 * `getaddrinfo(); socket(); connect();`
 *
 * Tries each address of the host in turn, blocking the thread; to look up a name can take seconds, and
 * is not part of the timeout.
 *
 * @returns A connected Socket without a timeout, yours to close.
 * @throws {SocketError} of getaddrinfo (ENOTFOUND, EAI_AGAIN), and of the last address: ECONNREFUSED,
 * ETIMEDOUT, ENETUNREACH, ... Where there were several, `cause` is an AggregateError of them all.
 */
export function createConnection(target: ConnectionTarget): Socket {
  const { host, port, timeoutMs } = readTarget(target);
  const hints = { type: constants.SOCK_STREAM };
  const errors: SocketError[] = [];
  for (const { family, type, protocol, address } of sys.getaddrinfo(host, port, hints)) {
    try {
      return connected(new Socket(family, type, protocol), address, timeoutMs);
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      errors.push(error);
    }
  }
  const last = errors.at(-1) ?? new SocketError('getaddrinfo', ENOTFOUND, { hostname: host });
  if (errors.length > 1) last.cause = new AggregateError(errors);
  throw last;
}

/** The target, checked. */
export function readTarget(target: unknown): { host: string; port: number; timeoutMs: number } {
  checkObject('target', target);
  const { host = 'localhost', port, timeoutMs = 0 } = target as Record<string, unknown>;
  if (typeof host !== 'string') throw typeError('target.host', 'of type string', host);
  checkPort('target.port', port);
  checkInteger('target.timeoutMs', timeoutMs, 0, 2 ** 31 - 1);
  return { host, port, timeoutMs };
}

function connected(socket: Socket, address: AddressInput, timeoutMs: number): Socket {
  try {
    socket.setTimeout(timeoutMs);
    socket.connect(address);
    socket.setTimeout(0);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
