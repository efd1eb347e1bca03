import { addressFailure, type AddressInput, addressRecord, writeAddress } from './address.js';
import { binding } from './binding.js';
import { SocketError } from './errors.js';
import { checkInt32, checkInteger, typeError, valueError } from './validate.js';

/** What getnameinfo() gives. */
export interface NameInfo {
  /** A host name, or the address's text where it has none. */
  host: string;
  /** The port's name, or its digits. */
  service: string;
}

const UINT32_MAX = 2 ** 32 - 1;
/** A longer name is no interface's: Linux has 15 bytes for one. */
const MOST_NAME_BYTES = 63;
const ENODEV = -19;

/**
 * `getnameinfo(address, length, host, hostRoom, service, serviceRoom, flags)`
 *
 * Blocks while name servers are asked, unless `flags` has NI_NUMERICHOST.
 *
 * @param flags NI_NUMERICHOST, NI_NUMERICSERV, NI_NAMEREQD (an address without a name is an error),
 * NI_DGRAM (the port is UDP's), NI_NOFQDN, added up.
 * @throws {SocketError} ENOTFOUND (with NI_NAMEREQD), EAI_AGAIN (no name server answers),
 * EAI_BADFLAGS, EAI_FAMILY. See getnameinfo(3).
 */
export function getnameinfo(address: AddressInput, flags = 0): NameInfo {
  checkInt32('flags', flags);
  const about = writeAddress(address);
  const result = binding.getnameinfo(addressRecord, flags);
  if (typeof result === 'number') throw addressFailure('getnameinfo', result, about);
  const [host, service] = result;
  return { host, service };
}

/**
 * `if_nametoindex(name)`
 *
 * @returns The interface's number, which scope ids and packet addresses have.
 * @throws {SocketError} ENODEV (no such interface). See if_nametoindex(3).
 */
export function if_nametoindex(name: string): number {
  if (typeof name !== 'string') throw typeError('name', 'of type string', name);
  if (name.includes('\0')) throw valueError('name', name, 'must not contain a NUL');
  const isLong = name.length > MOST_NAME_BYTES || Buffer.byteLength(name) > MOST_NAME_BYTES;
  const index = isLong ? ENODEV : binding.if_nametoindex(name);
  if (index < 0) throw new SocketError('if_nametoindex', index, { interface: shown(name) });
  return index;
}

/**
 * `if_indextoname(index, name)`
 *
 * @throws {SocketError} ENXIO (no such interface). See if_indextoname(3).
 */
export function if_indextoname(index: number): string {
  checkInteger('index', index, 0, UINT32_MAX);
  const name = binding.if_indextoname(index | 0);
  if (typeof name === 'number') throw new SocketError('if_indextoname', name, { interface: index });
  return name;
}

/** A name that could be any length, for a message of one line. */
function shown(name: string): string {
  return name.length > MOST_NAME_BYTES ? `${name.slice(0, MOST_NAME_BYTES)}...` : name;
}
