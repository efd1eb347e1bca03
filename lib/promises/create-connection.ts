import { constants } from '../constants.js';
import { SocketError } from '../errors.js';
import { type ConnectionTarget, readTarget } from '../create-connection.js';
import { getaddrinfo } from './getaddrinfo.js';
import { checkWaitOptions } from './operation.js';
import { Socket } from './socket.js';

/** What createConnection() is to connect to, and for how long it may try. */
export interface AsyncConnectionTarget extends ConnectionTarget {
  /** Ends the attempt: the promise is rejected with an AbortError, whose `cause` is its reason. */
  signal?: AbortSignal | undefined;
}

const ENOTFOUND = -3008;

/**
 * `getaddrinfo(); socket(); connect();`
 *
 * Looks the name up on a thread of its own, and tries each address of the host in turn.
 *
 * @returns A connected Socket without a timeout, yours to close.
 * @throws {SocketError} of getaddrinfo (ENOTFOUND, EAI_AGAIN), and of the last address: ECONNREFUSED,
 * ETIMEDOUT, ENETUNREACH, ... Where there were several, `cause` is an AggregateError of them all.
 */
export async function createConnection(target: AsyncConnectionTarget): Promise<Socket> {
  const { host, port, timeoutMs } = readTarget(target);
  checkWaitOptions(target);
  const { signal } = target;
  const hints = { type: constants.SOCK_STREAM, signal };
  const errors: SocketError[] = [];
  for (const { family, type, protocol, address } of await getaddrinfo(host, port, hints)) {
    try {
      const socket = new Socket(family, type, protocol);
      try {
        await socket.connect(address, { signal, timeoutMs });
        return socket;
      } catch (error) {
        socket.close();
        throw error;
      }
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      errors.push(error);
    }
  }
  const last = errors.at(-1) ?? new SocketError('getaddrinfo', ENOTFOUND, { hostname: host });
  if (errors.length > 1) last.cause = new AggregateError(errors);
  throw last;
}
