// Listening sockets for the servers: which address, which options, in which order.
import { unlinkSync } from 'node:fs';
import { constants as os } from 'node:os';
import type { Address } from './address.js';
import { constants } from './constants.js';
import { SocketError } from './errors.js';
import * as sys from './sys.js';

/** Where a server listens. Without `host`, on all interfaces: IPv6 and IPv4, else IPv4 alone. */
export type ListenTarget = { port: number; host?: string } | { path: string | Uint8Array };

/** What only some servers can do. */
export interface ListenOptions {
  /** SO_REUSEPORT: other sockets may listen at the same address, and the kernel shares clients out. */
  reusePort?: boolean;
  /** Of a unix socket: SOCK_STREAM, or SOCK_SEQPACKET. */
  type?: number;
}

export interface Listener {
  /** A listening socket; whoever opened it owns it. */
  fd: number;
  address: Address;
}

const ANY_V6 = '::';
const ANY_V4 = '0.0.0.0';

/**
 * `socket(); setsockopt(SO_REUSEADDR); bind(); listen();`
 *
 * A host name is resolved first, without blocking. SO_REUSEADDR is always set: without it a server
 * cannot be started again while connections of the one before are in TIME_WAIT.
 */
export async function openListener(
  target: ListenTarget,
  backlog: number,
  options: ListenOptions = {},
): Promise<Listener> {
  if ('path' in target) {
    return listenOn(constants.AF_UNIX, { path: target.path }, backlog, options);
  }
  const { port, host } = target;
  if (host === undefined) return listenOnAll(port, backlog, options);
  const address = isLiteral(host) ? host : await lookup(host);
  return listenOnIp(address, port, backlog, options);
}

function listenOnAll(port: number, backlog: number, options: ListenOptions): Listener {
  try {
    return listenOnIp(ANY_V6, port, backlog, options);
  } catch (error) {
    if (!(error instanceof SocketError) || !lacksIPv6(error)) throw error;
    return listenOnIp(ANY_V4, port, backlog, options);
  }
}

/** Whether a machine without IPv6 is the reason: the family or its addresses are missing. */
function lacksIPv6({ code }: SocketError): boolean {
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}

function listenOnIp(
  address: string,
  port: number,
  backlog: number,
  options: ListenOptions,
): Listener {
  const family = address.includes(':') ? constants.AF_INET6 : constants.AF_INET;
  return listenOn(family, { address, port }, backlog, options);
}

function listenOn(
  family: number,
  address: sys.AddressInput,
  backlog: number,
  { reusePort = false, type = constants.SOCK_STREAM }: ListenOptions,
): Listener {
  const fd = sys.socket(family, type);
  try {
    if (family !== constants.AF_UNIX) {
      sys.setsockopt(fd, constants.SOL_SOCKET, constants.SO_REUSEADDR, true);
      if (reusePort) sys.setsockopt(fd, constants.SOL_SOCKET, reusePortOption(), true);
    }
    if (family === constants.AF_INET6) {
      // `::` takes IPv4 connections too, whatever the system's default is.
      const only = !('address' in address && address.address === ANY_V6);
      sys.setsockopt(fd, constants.IPPROTO_IPV6, constants.IPV6_V6ONLY, only);
    }
    sys.bind(fd, address);
    sys.listen(fd, backlog);
    return { fd, address: sys.getsockname(fd) };
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

/** Of a server that has ended. */
export function removeSocket(path: string | Uint8Array): void {
  if (path[0] === '\0' || path[0] === 0) return;
  try {
    unlinkSync(typeof path === 'string' ? path : Buffer.from(path));
  } catch {
    // Somebody else removed it, which is as good.
  }
}

function reusePortOption(): number {
  // Not every system has it, though all do that the types are made for.
  const { SO_REUSEPORT } = constants as { SO_REUSEPORT?: number };
  if (SO_REUSEPORT === undefined) throw new SocketError('setsockopt', os.errno.ENOPROTOOPT);
  return SO_REUSEPORT;
}

/** What can only be meant as an IP address; whether it is one, bind() tells. */
function isLiteral(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

async function lookup(host: string): Promise<string> {
  // Loaded only where a name is given: it is not part of a quick start.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const dns = require('node:dns/promises') as typeof import('node:dns/promises');
  const { address } = await dns.lookup(host);
  return address;
}
