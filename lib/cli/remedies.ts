// What to do about an error, where that is known. Loaded only when there is one.
import { readFileSync } from 'node:fs';
import { portHolder } from './port-holder.js';

export interface Refusal {
  syscall: string;
  code: string;
  port?: number;
}

/** A clause that follows the error's text, or ''. */
export function remedy(refusal: Refusal): string {
  const text = REMEDIES[`${refusal.syscall} ${refusal.code}`]?.(refusal) ?? '';
  return text === '' ? '' : `; ${text}`;
}

const inUse = ({ port }: Refusal) => {
  const holder = port === undefined ? null : portHolder(port);
  return holder === null
    ? 'another program listens there; try another port, or 0 for a free one'
    : `process ${holder.pid} listens there: ${holder.command}`;
};

const REMEDIES: Record<string, (refusal: Refusal) => string> = {
  'bind EADDRINUSE': inUse,
  'listen EADDRINUSE': inUse,
  'bind EACCES': ({ port }) =>
    port !== undefined && port < firstFreePort()
      ? `ports below ${firstFreePort()} need root; try 5000`
      : '',
  'bind EADDRNOTAVAIL': () =>
    'no interface of this machine has that address; without --host it listens on all of them',
  'connect ECONNREFUSED': () => 'is the server running on that port?',
  'connect ENETUNREACH': () => 'this machine has no route to that address',
  'connect EHOSTUNREACH': () => 'that machine does not answer',
  'connect ETIMEDOUT': () => 'that machine does not answer, or a firewall is in between',
  'getaddrinfo ENOTFOUND': () => 'check the spelling, or give an IP address',
  'getaddrinfo EAI_AGAIN': () => 'is the network up?',
  'read EISDIR': () => 'give it a file or a pipe',
};

function firstFreePort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    return 1024;
  }
}
