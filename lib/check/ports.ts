// Ports for programs that must be told one.
import { randomInt } from 'node:crypto';
import { constants } from '../constants.js';
import { Socket } from '../socket.js';
import { readOr } from './proc.js';

const LOWEST = 10_240;
const TRIES = 1000;
/** Ports of this process that were given out lately. */
const taken: number[] = [];
const REMEMBERED = 500;

/**
 * A port that nobody has now. It is below those that the kernel gives to connections, which could
 * take it before the program does.
 */
export function freePort(): number {
  const first = Number(
    /^\d+/.exec(readOr('/proc/sys/net/ipv4/ip_local_port_range'))?.[0] ?? 32_768,
  );
  const limit = Math.min(65_536, Math.max(first, LOWEST + 5000));
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(LOWEST, limit);
    if (taken.includes(port) || !isFree(port)) continue;
    taken.push(port);
    if (taken.length > REMEMBERED) taken.shift();
    return port;
  }
  throw new Error('no free port was found');
}

/** Without SO_REUSEADDR, so that connections of somebody before count as well. */
function isFree(port: number): boolean {
  return [[constants.AF_INET, '0.0.0.0'] as const, [constants.AF_INET6, '::'] as const].every(
    ([family, address]) => {
      let socket: Socket;
      try {
        socket = new Socket(family, constants.SOCK_STREAM);
      } catch {
        return true;
      }
      try {
        socket.bind({ address, port });
        return true;
      } catch {
        return false;
      } finally {
        socket.close();
      }
    },
  );
}
