import { binding, REFUSED_ARGUMENT } from './binding.js';
import { SocketError } from './errors.js';
import { checkFd, checkInt32, checkInteger, type Data, dataError, typeError } from './validate.js';

const INT_BYTES = 4;
/** No option of any system has more. */
const MOST_BYTES = 65536;

/**
 * `getsockopt(fd, level, option, &value, &length)` of an option that is an int
 *
 * @param level SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6, ...
 * @throws {SocketError} ENOPROTOOPT (no such option), EINVAL, ENOTSOCK. See getsockopt(2), socket(7),
 * tcp(7), ip(7).
 */
export function getsockopt(fd: number, level: number, option: number): number;
/**
 * `getsockopt(fd, level, option, &value, &length)` of any other option
 *
 * @param length The room for it, up to 65,536 bytes.
 * @returns The bytes that the system filled in, which can be fewer.
 */
export function getsockopt(fd: number, level: number, option: number, length: number): Buffer;
export function getsockopt(
  fd: number,
  level: number,
  option: number,
  length?: number,
): number | Buffer {
  checkFd(fd);
  checkInt32('level', level);
  checkInt32('option', option);
  if (length !== undefined) checkInteger('length', length, 0, MOST_BYTES);
  // Zeros, since some options read what is there: with these it is never a stray pointer.
  const value = Buffer.alloc(length ?? INT_BYTES);
  const filled = binding.getsockopt(fd, level, option, value);
  if (filled < 0) throw new SocketError('getsockopt', filled);
  if (length === undefined) return intOf(value, filled);
  return filled === length ? value : Buffer.from(value.subarray(0, filled));
}

/** An option can be a char, or fill in less than it was given room for. */
function intOf(value: Buffer, filled: number): number {
  if (filled === 0) return 0;
  if (filled < INT_BYTES) return value.readUIntLE(0, filled);
  return new Int32Array(value.buffer, value.byteOffset, 1)[0] ?? 0;
}

/**
 * `setsockopt(fd, level, option, &value, length)`
 *
 * @param value A number or boolean goes as an int, bytes as they are: a struct linger is `new
 * Int32Array([1, 0])`, a name of an interface `Buffer.from('eth0\0')`.
 * @throws {SocketError} ENOPROTOOPT (no such option), EINVAL, EPERM, ENOTSOCK. See setsockopt(2),
 * socket(7), tcp(7), ip(7).
 */
export function setsockopt(
  fd: number,
  level: number,
  option: number,
  value: number | boolean | Data,
): void {
  checkFd(fd);
  checkInt32('level', level);
  checkInt32('option', option);
  const result = binding.setsockopt(fd, level, option, optionValue(value));
  if (result === REFUSED_ARGUMENT) throw valueRefused(value);
  if (result < 0) throw new SocketError('setsockopt', result);
}

function optionValue(value: unknown): number | Data {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') checkInt32('value', value);
  return value as number | Data;
}

function valueRefused(value: unknown): TypeError {
  if (typeof value === 'object' && value !== null) return dataError('value', value);
  const remedy = typeof value === 'string' ? '; for text, use Buffer.from(text)' : '';
  return typeError('value', 'of type number or boolean, or bytes', value, remedy);
}
