import { getSystemErrorName } from 'node:util';
import { binding } from './binding.js';

/** What is known beside the call and its errno. An address as the calls take and give it will do. */
export interface SocketErrorDetails {
  address?: string | undefined;
  port?: number | undefined;
  path?: string | Uint8Array | undefined;
  family?: unknown;
  raw?: unknown;
  hostname?: string | undefined;
  bytesTransferred?: number | undefined;
  received?: Buffer | undefined;
  /** The constant of a socket option. */
  option?: string | undefined;
  /** A network interface's name, or its number. */
  interface?: string | number | undefined;
}

/**
 * A system call that failed, shaped as Node's own errors are: the message is `connect ECONNREFUSED
 * 127.0.0.1:5000`.
 */
export class SocketError extends Error {
  /** The error's name: `ECONNREFUSED`. */
  declare readonly code: string;
  /** The negated errno; a number below -3000 is the resolver's, as Node numbers them. */
  declare readonly errno: number;
  /** The call that failed: `connect`. */
  declare readonly syscall: string;
  /** The IP address or unix path that the call was about. */
  declare readonly address?: string;
  declare readonly port?: number;
  /** The name that could not be resolved. */
  declare readonly hostname?: string;
  /** How many bytes went before the failure, where some can have gone. */
  declare readonly bytesTransferred?: number;
  /** What had come before the failure of a recvExact(). */
  declare readonly received?: Buffer;

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'SocketError',
      configurable: true,
      writable: true,
    });
  }

  /**
   * The error of a call, for programs that make calls of their own.
   *
   * @param errno As the calls return it, or as C has it: the sign makes no difference.
   */
  constructor(syscall: string, errno: number, details: SocketErrorDetails = {}) {
    const negative = -Math.abs(errno);
    const code = errorCode(negative);
    const { hostname, bytesTransferred, received, port } = details;
    const address = details.address ?? textOf(details.path);
    const place = port === undefined || address === undefined ? address : `${address}:${port}`;
    const what = String(place ?? hostname ?? details.option ?? details.interface ?? '');
    const words = [syscall, code, what.replaceAll('\0', '@')];
    super(words.filter((word) => word !== '').join(' '));
    Object.assign(this, { errno: negative, code, syscall });
    // Absent rather than undefined, so that a printed error shows what is known alone.
    if (address !== undefined) Object.assign(this, { address });
    if (port !== undefined) Object.assign(this, { port });
    if (hostname !== undefined) Object.assign(this, { hostname });
    if (bytesTransferred !== undefined) Object.assign(this, { bytesTransferred });
    if (received !== undefined) Object.assign(this, { received });
  }
}

function textOf(path: string | Uint8Array | undefined): string | undefined {
  return path === undefined || typeof path === 'string' ? path : Buffer.from(path).toString();
}

// libuv's numbers for EAI_NODATA and EAI_NONAME, which Node calls ENOTFOUND both.
const NO_DATA = -3007;
const NO_NAME = -3008;

/** The name of an errno, negated or not: `ECONNREFUSED`. */
export function errorCode(errno: number): string {
  const negative = -Math.abs(errno);
  if (negative === NO_NAME || negative === NO_DATA) return 'ENOTFOUND';
  // Node's table is libuv's, and that leaves some out, such as EINPROGRESS; Deno says undefined then.
  const name = negative < 0 ? (getSystemErrorName(negative) as string | undefined) : undefined;
  if (name !== undefined && !name.startsWith('Unknown')) return name;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { constants } = require('node:os') as typeof import('node:os');
  const known = Object.entries(constants.errno).find(([, value]) => value === -negative);
  return known?.[0] ?? `ERRNO_${-negative}`;
}

/** The C library's words for an errno, negated or not, in lower case: `connection refused`. */
export function errorMessage(errno: number): string {
  const words = binding.strerror(Math.abs(errno));
  return words.charAt(0).toLowerCase() + words.slice(1);
}
