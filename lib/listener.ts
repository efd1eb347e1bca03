// Listening sockets for the servers: which address, which options, in which order.
import type { Address } from './address.js';
import { constants } from './constants.js';
import { SocketError } from './errors.js';
import * as sys from './sys.js';

/** Where a server listens. Without `host`, on all interfaces: IPv6 and IPv4, else IPv4 alone. */
export type ListenTarget = { port: number; host?: string } | { path: string | Uint8Array };

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
export async function openListener(target: ListenTarget, backlog: number): Promise<Listener> {
  if ('path' in target) {
    return listenOn(constants.AF_UNIX, { path: target.path }, backlog);
  }
  const { port, host } = target;
  if (host === undefined) return listenOnAll(port, backlog);
  const address = isLiteral(host) ? host : await lookup(host);
  return listenOnIp(address, port, backlog);
}

function listenOnAll(port: number, backlog: number): Listener {
  try {
    return listenOnIp(ANY_V6, port, backlog);
  } catch (error) {
    if (!(error instanceof SocketError) || !lacksIPv6(error)) throw error;
    return listenOnIp(ANY_V4, port, backlog);
  }
}

/** Whether a machine without IPv6 is the reason: the family or its addresses are missing. */
function lacksIPv6({ code }: SocketError): boolean {
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}

function listenOnIp(address: string, port: number, backlog: number): Listener {
  const family = address.includes(':') ? constants.AF_INET6 : constants.AF_INET;
  return listenOn(family, { address, port }, backlog);
}

function listenOn(family: number, address: sys.AddressInput, backlog: number): Listener {
  const fd = sys.socket(family, constants.SOCK_STREAM);
  try {
    if (family !== constants.AF_UNIX) {
      sys.setsockopt(fd, constants.SOL_SOCKET, constants.SO_REUSEADDR, true);
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
