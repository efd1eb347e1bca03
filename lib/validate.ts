// Arguments are checked here, before any system call, and their errors are worded as Node words its
// own. The checks of numbers run at every call: they are comparisons, and all else is left to the
// moment of failure.
import { inspect, types } from 'node:util';

/** Bytes to send, or room to receive into: any view, a Buffer too, or a whole ArrayBuffer. */
export type Data = ArrayBufferView | ArrayBuffer;

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;
const PORT_MAX = 65535;

const DATA = 'an instance of Buffer, TypedArray, DataView or ArrayBuffer';

export function checkFd(fd: unknown, name = 'fd'): asserts fd is number {
  if (typeof fd !== 'number' || (fd | 0) !== fd || fd < 0) {
    throw numberError(name, fd, 0, INT32_MAX);
  }
}

export function checkInt32(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number' || (value | 0) !== value) {
    throw numberError(name, value, INT32_MIN, INT32_MAX);
  }
}

export function checkInteger(
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw numberError(name, value, least, most);
  }
}

export function checkPort(name: string, port: unknown): asserts port is number {
  if (typeof port !== 'number') throw typeError(name, 'of type number', port);
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
    throw coded(
      new RangeError(`${name} should be >= 0 and <= ${PORT_MAX}. Received ${port}`),
      'ERR_SOCKET_BAD_PORT',
    );
  }
}

export function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw typeError(name, 'of type boolean', value);
}

export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null) throw typeError(name, 'of type object', value);
}

/** The bytes of `data` as they are now; nothing is copied. */
export function bytesOf(name: string, data: unknown): Uint8Array {
  try {
    if (types.isArrayBufferView(data) && !types.isSharedArrayBuffer(data.buffer)) {
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
    if (types.isArrayBuffer(data)) return new Uint8Array(data);
  } catch {
    // Detached: no view on it can be made.
  }
  throw dataError(name, data);
}

/** Why native code has refused `data`. */
export function dataError(name: string, data: unknown): TypeError {
  if (types.isSharedArrayBuffer(data) || (types.isArrayBufferView(data) && isShared(data))) {
    return typeError(name, `${DATA}, not in shared memory`, data);
  }
  if (types.isArrayBufferView(data) || types.isArrayBuffer(data)) {
    return typeError(name, `${DATA} that is not detached`, data);
  }
  const remedy = typeof data === 'string' ? '; for text, use Buffer.from(text)' : '';
  return typeError(name, DATA, data, remedy);
}

function isShared({ buffer }: ArrayBufferView): boolean {
  return types.isSharedArrayBuffer(buffer);
}

export function typeError(name: string, expected: string, value: unknown, remedy = ''): TypeError {
  return coded(
    new TypeError(`The ${title(name)} must be ${expected}. Received ${kind(value)}${remedy}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

export function valueError(name: string, value: unknown, reason: string): TypeError {
  return coded(
    new TypeError(`The ${title(name)} ${reason}. Received ${show(value)}`),
    'ERR_INVALID_ARG_VALUE',
  );
}

export function ipError(text: string): TypeError {
  return coded(
    new TypeError(`Invalid IP address: ${show(text)}; for a host's name, use getaddrinfo()`),
    'ERR_INVALID_IP_ADDRESS',
  );
}

/** `value` is not a number, or not a whole one from `least` to `most`. */
export function numberError(name: string, value: unknown, least: number, most: number): Error {
  if (typeof value !== 'number') return typeError(name, 'of type number', value);
  const range = Number.isInteger(value) ? `>= ${least} && <= ${most}` : 'an integer';
  return coded(
    new RangeError(
      `The value of "${name}" is out of range. It must be ${range}. Received ${value}`,
    ),
    'ERR_OUT_OF_RANGE',
  );
}

export function coded<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

function title(name: string): string {
  return `"${name}" ${name.includes('.') ? 'property' : 'argument'}`;
}

function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object') return `type ${typeof value} (${show(value)})`;
  return `an instance of ${constructorName(value)}`;
}

/** A getter or a proxy's trap can throw, and must not hide what is being told. */
function constructorName(value: object): string {
  try {
    const { name } = value.constructor as { name?: unknown };
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // Then it has no name.
  }
  return 'Object';
}

function show(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Infinity });
  return text.length > 128 ? `${text.slice(0, 128)}...` : text;
}
