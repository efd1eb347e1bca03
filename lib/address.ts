// Addresses as objects, and as the records in which they travel to native code and back: struct
// AddressRecord in native/napi/address.h.
import { isUtf8 } from 'node:buffer';
import { types } from 'node:util';
import { REFUSED_ADDRESS } from './binding.js';
import { SocketError, type SocketErrorDetails } from './errors.js';
import {
  makePacketAddress,
  type PacketAddress,
  type PacketAddressInput,
  readPacketFields,
} from './packet-address.js';
import {
  bytesOf,
  checkInteger,
  checkObject,
  checkPort,
  ipError,
  typeError,
  valueError,
} from './validate.js';

/** `struct sockaddr_in` */
export interface IPv4Address {
  family: 'IPv4';
  address: string;
  port: number;
  path?: undefined;
}

/** `struct sockaddr_in6` */
export interface IPv6Address {
  family: 'IPv6';
  address: string;
  port: number;
  flowinfo: number;
  /** The interface's number for a link-local address, 0 for the others. */
  scopeId: number;
  path?: undefined;
}

/** `struct sockaddr_un` */
export interface UnixAddress {
  family: 'unix';
  /** '' for a socket without a name; a first NUL means an abstract name; bytes where it is not
   * UTF-8. */
  path: string | Buffer;
  address?: undefined;
  port?: undefined;
}

/** Any other family: the bytes behind the family's number in its sockaddr. */
export interface RawAddress {
  family: number;
  raw: Buffer;
  address?: undefined;
  port?: undefined;
  path?: undefined;
}

/**
 * What the calls give. `address`, `port` and `path` can be read of any: `socket.localAddress.port` is
 * undefined where there are no ports. `if (address.port !== undefined)` leaves the addresses of IP,
 * and `family` tells them all apart.
 */
export type Address = IPv4Address | IPv6Address | UnixAddress | PacketAddress | RawAddress;

/** An address of IP to bind to, connect to or send to. */
export interface IpAddressInput {
  /** An IPv4 or IPv6 literal, the latter with a zone where one is needed: `fe80::1%eth0`. */
  address: string;
  port: number;
  /** Only checked: the literal tells the family. */
  family?: 'IPv4' | 'IPv6' | 4 | 6 | undefined;
  /** IPv6: the interface's number, where the literal has no zone. */
  scopeId?: number | undefined;
  /** IPv6: the flow label and traffic class. */
  flowinfo?: number | undefined;
}

/** The name of a unix socket. */
export interface UnixAddressInput {
  /** Up to 108 bytes on Linux; a first NUL means an abstract name, and '' none. */
  path: string | Uint8Array;
  family?: 'unix' | undefined;
}

/** An address of any other family, as the bytes of its sockaddr behind the family. */
export interface RawAddressInput {
  family: number;
  raw: Uint8Array;
}

/** What the calls take. Whatever one call gave, another takes. */
export type AddressInput = IpAddressInput | UnixAddressInput | PacketAddressInput | RawAddressInput;

export const ADDRESS_RECORD_BYTES = 148;
const DATA_OFFSET = 20;
const DATA_ROOM = ADDRESS_RECORD_BYTES - DATA_OFFSET;

// Words of the record's head.
const KIND = 0;
const PORT = 1; // Of Kind.raw, the family; of Kind.packet, the protocol.
const FLOWINFO = 2; // Of Kind.packet, the interface.
const SCOPE_ID = 3; // Of Kind.packet, the hardware type and the packet's type.
const LENGTH = 4;

const Kind = { raw: 0, ipv4: 1, ipv6: 2, unix: 3, packet: 4 } as const;

const UINT32_MAX = 2 ** 32 - 1;

/** The record for the calls: no code runs between filling it and the call, or the call and reading
 * it, so one is enough. */
export const addressRecord = Buffer.alloc(ADDRESS_RECORD_BYTES);
const head = headOf(addressRecord);

function headOf(record: Uint8Array): Uint32Array {
  return new Uint32Array(record.buffer, record.byteOffset, DATA_OFFSET / 4);
}

/** The object for a record that native code has filled. The record must be aligned as an int. */
export function readAddress(record: Buffer = addressRecord): Address {
  const words = record === addressRecord ? head : headOf(record);
  const end = DATA_OFFSET + (words[LENGTH] ?? 0);
  const port = words[PORT] ?? 0;
  switch (words[KIND]) {
    case Kind.ipv4:
      return { family: 'IPv4', address: record.toString('latin1', DATA_OFFSET, end), port };
    case Kind.ipv6:
      return {
        family: 'IPv6',
        address: record.toString('latin1', DATA_OFFSET, end),
        port,
        flowinfo: words[FLOWINFO] ?? 0,
        scopeId: words[SCOPE_ID] ?? 0,
      };
    case Kind.unix: {
      const name = record.subarray(DATA_OFFSET, end);
      return { family: 'unix', path: isUtf8(name) ? name.toString() : Buffer.from(name) };
    }
    case Kind.packet: {
      const bytes = record.subarray(DATA_OFFSET, end);
      return makePacketAddress(port, words[FLOWINFO] ?? 0, words[SCOPE_ID] ?? 0, bytes);
    }
    default:
      return { family: port, raw: Buffer.from(record.subarray(DATA_OFFSET, end)) };
  }
}

/** As {@link readAddress}, but null where the kernel gave no address. */
export function readSender(record: Buffer = addressRecord): Address | null {
  const words = record === addressRecord ? head : headOf(record);
  const none = words[KIND] === Kind.raw && words[PORT] === 0 && words[LENGTH] === 0;
  return none ? null : readAddress(record);
}

/**
 * Checks an address and puts it into {@link addressRecord} for the call that comes next.
 * @returns what an error of that call is to say
 */
export function writeAddress(input: unknown): SocketErrorDetails {
  checkObject('address', input);
  // Each property is read once, and all of them before the record is touched: a getter could make a
  // call of its own.
  const { path, raw, address, port, family, scopeId, flowinfo } = input as Record<string, unknown>;
  if (family === 'packet') return writePacket(input);
  if (path !== undefined) return writeUnix(path);
  if (raw !== undefined) return writeRaw(family, raw);
  return writeIp(address, port, family, scopeId, flowinfo);
}

function writeIp(
  address: unknown,
  port: unknown,
  family: unknown,
  scopeId: unknown = 0,
  flowinfo: unknown = 0,
): SocketErrorDetails {
  if (typeof address !== 'string') throw typeError('address.address', 'of type string', address);
  checkPort('address.port', port);
  checkInteger('address.scopeId', scopeId, 0, UINT32_MAX);
  checkInteger('address.flowinfo', flowinfo, 0, UINT32_MAX);
  const isV6 = address.includes(':');
  if (family !== undefined) checkFamily(family, address, isV6);
  head.set([isV6 ? Kind.ipv6 : Kind.ipv4, port, flowinfo, scopeId, address.length]);
  // No literal is that long, and none has characters beyond ASCII.
  if (address.length > DATA_ROOM || /[^\x20-\x7e]/.test(address)) throw ipError(address);
  addressRecord.write(address, DATA_OFFSET, 'latin1');
  return { address, port };
}

function checkFamily(family: unknown, address: string, isV6: boolean): void {
  const names: unknown[] = isV6 ? ['IPv6', 6] : ['IPv4', 4];
  if (names.includes(family)) return;
  throw valueError(
    'address.family',
    family,
    `must be '${isV6 ? 'IPv6' : 'IPv4'}' or undefined for the address ${address}`,
  );
}

function writeUnix(path: unknown): SocketErrorDetails {
  let name: Uint8Array;
  if (typeof path === 'string') {
    // Longer than the record is longer than any path: what it ends in makes no difference.
    name = Buffer.from(path.slice(0, DATA_ROOM + 1));
    if (name.length !== path.length && path.length <= DATA_ROOM && name.toString() !== path) {
      throw valueError('address.path', path, 'must not contain half of a surrogate pair');
    }
  } else if (types.isUint8Array(path)) {
    name = bytesOf('address.path', path);
  } else {
    throw typeError('address.path', 'of type string or an instance of Uint8Array', path);
  }
  if (name[0] !== 0 && name.includes(0)) {
    throw valueError('address.path', path, 'must not contain a NUL, unless that comes first');
  }
  writeData(Kind.unix, 0, name);
  return { path: typeof path === 'string' ? path : name };
}

function writePacket(input: object): SocketErrorDetails {
  const { protocol, ifindex, types: both, hwaddr } = readPacketFields(input);
  head.set([Kind.packet, protocol, ifindex, both, hwaddr.length]);
  addressRecord.set(hwaddr, DATA_OFFSET);
  return {};
}

function writeRaw(family: unknown, raw: unknown): SocketErrorDetails {
  checkInteger('address.family', family, 0, 65535);
  if (!types.isUint8Array(raw)) {
    throw typeError('address.raw', 'an instance of Uint8Array', raw);
  }
  writeData(Kind.raw, family, bytesOf('address.raw', raw));
  return {};
}

/** What does not fit is told by its length; native code answers ENAMETOOLONG. */
function writeData(kind: number, port: number, data: Uint8Array): void {
  head.set([kind, port, 0, 0, data.length]);
  addressRecord.set(data.subarray(0, DATA_ROOM), DATA_OFFSET);
}

/** What an error is to say of an address that a call took; of no address, nothing. */
export function placeOf(input: AddressInput | null | undefined): SocketErrorDetails {
  const { address, port, path } = (input ?? {}) as Partial<IpAddressInput & UnixAddressInput>;
  return path === undefined ? { address, port } : { path };
}

/** The error for a call that got the address of {@link writeAddress} and returned `result`. */
export function addressFailure(syscall: string, result: number, about: SocketErrorDetails): Error {
  if (result === REFUSED_ADDRESS) return ipError(about.address ?? '');
  return new SocketError(syscall, result, about);
}
