// What console.log() shows of a socket.
import { inspect, type InspectOptions } from 'node:util';
import type { Address } from './address.js';
import { constants } from './constants.js';
import { SocketError } from './errors.js';
import { getOption } from './options.js';
import * as sys from './sys.js';

const TYPES = ['SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_RAW', 'SOCK_SEQPACKET', 'SOCK_RDM'] as const;

/** `Socket { fd: 21, type: 'SOCK_STREAM', family: 'IPv4', state: 'connected', ... }`, which never
 * throws and changes nothing about the socket. */
export function inspectSocket(
  name: string,
  fd: number,
  depth: number,
  options: InspectOptions,
): string {
  if (depth < 0) return `[${name}]`;
  return `${name} ${inspect(describe(fd), options)}`;
}

function describe(fd: number): Record<string, unknown> {
  if (fd < 0) return { fd, state: 'closed' };
  try {
    const local = sys.getsockname(fd);
    const remote = remoteOf(fd);
    const type = getOption(fd, 'type');
    return {
      fd,
      type: TYPES.find((name) => constants[name] === type) ?? type,
      family: local.family,
      state: stateOf(fd, local, remote),
      local: textOf(local),
      ...(remote === null ? {} : { remote: textOf(remote) }),
    };
  } catch (error) {
    // Somebody else has closed the descriptor, or made it something that is no socket.
    return { fd, state: error instanceof SocketError ? error.code : 'unknown' };
  }
}

function remoteOf(fd: number): Address | null {
  try {
    return sys.getpeername(fd);
  } catch {
    return null;
  }
}

function stateOf(fd: number, local: Address, remote: Address | null): string {
  if (remote !== null) return 'connected';
  if (flag(fd, 'acceptConn')) return 'listening';
  if (isConnecting(fd)) return 'connecting';
  const isBound = local.port !== undefined ? local.port > 0 : (local.path?.length ?? 0) > 0;
  return isBound ? 'bound' : 'fresh';
}

function flag(fd: number, name: 'acceptConn'): boolean {
  try {
    return getOption(fd, name);
  } catch {
    return false;
  }
}

function isConnecting(fd: number): boolean {
  try {
    return getOption(fd, 'tcpInfo').state === 'SYN_SENT';
  } catch {
    return false;
  }
}

function textOf(address: Address): unknown {
  if (address.port === undefined) return address.path ?? address;
  const { address: host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
