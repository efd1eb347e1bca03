import { ADDRESS_RECORD_BYTES, type Address, readAddress } from './address.js';
import { binding } from './binding.js';
import { SocketError } from './errors.js';
import { checkInt32, checkObject, checkPort, typeError, valueError } from './validate.js';

/** What to look for; 0 is anything. */
export interface AddressInfoHints {
  /** AI_* added up: AI_PASSIVE, AI_NUMERICHOST, AI_CANONNAME, ... */
  flags?: number | undefined;
  /** AF_INET or AF_INET6. */
  family?: number | undefined;
  /** SOCK_STREAM, SOCK_DGRAM, ...: without it, each address comes once for each type. */
  type?: number | undefined;
  protocol?: number | undefined;
}

/** One way to reach a host: three arguments for socket() and one for connect() or bind(). */
export interface AddressInfo {
  family: number;
  type: number;
  protocol: number;
  address: Address;
  /** Of the first alone, and with AI_CANONNAME. */
  canonname?: string;
}

// struct InfoRecord in native/napi/getaddrinfo.cc: three ints before the address.
const HEAD_WORDS = 3;
const HEAD_BYTES = HEAD_WORDS * 4;
const INFO_BYTES = HEAD_BYTES + ADDRESS_RECORD_BYTES;

/** A longer text names nothing: a host name has 253 bytes at most. */
const MOST_BYTES = 1000;
const NO_NAME = -3008;

/**
 * `getaddrinfo(host, service, &hints, &list)`
 *
 * Blocks while name servers are asked, which can take seconds and delays worker termination and
 * JavaScript signal listeners. The addresses come in the order in which they are to be tried (RFC
 * 6724).
 *
 * @param host A name or an IP literal; null with AI_PASSIVE is any address, and else the loopback.
 * @param service A port, or the name of one: `http`. Null is port 0.
 * @throws {SocketError} ENOTFOUND, EAI_AGAIN (no name server answers), EAI_FAMILY, EAI_SERVICE, ...
 * The name is in `hostname`. See getaddrinfo(3).
 */
export function getaddrinfo(
  host: string | null,
  service: string | number | null = null,
  hints: AddressInfoHints = {},
): AddressInfo[] {
  const query = readQuery(host, service, hints);
  return readAnswer(host, binding.getaddrinfo(...query));
}

type Query = Parameters<typeof binding.getaddrinfo>;

/** The arguments, checked, as native code takes them. */
export function readQuery(
  host: string | null,
  service: string | number | null,
  hints: AddressInfoHints,
): Query {
  if (host !== null) checkText('host', host);
  const serviceText = readService(service);
  checkObject('hints', hints);
  const { flags = 0, family = 0, type = 0, protocol = 0 } = hints;
  checkInt32('hints.flags', flags);
  checkInt32('hints.family', family);
  checkInt32('hints.type', type);
  checkInt32('hints.protocol', protocol);
  if (isTooLong(host) || isTooLong(serviceText)) throw failure(host, NO_NAME);
  return [host, serviceText, flags, family, type, protocol];
}

/** What native code has answered. */
export function readAnswer(
  host: string | null,
  answer: ReturnType<typeof binding.getaddrinfo>,
): AddressInfo[] {
  if (typeof answer === 'number') throw failure(host, answer);
  return readList(...answer);
}

function failure(host: string | null, errno: number): SocketError {
  return new SocketError('getaddrinfo', errno, host === null ? {} : { hostname: host });
}

function readService(service: unknown): string | null {
  if (service === null) return null;
  if (typeof service === 'number') {
    checkPort('service', service);
    return String(service);
  }
  checkText('service', service, 'of type string or number');
  return service;
}

function checkText(
  name: string,
  text: unknown,
  expected = 'of type string',
): asserts text is string {
  if (typeof text !== 'string') throw typeError(name, expected, text);
  if (text.includes('\0')) throw valueError(name, text, 'must not contain a NUL');
}

function isTooLong(text: string | null): boolean {
  return text !== null && (text.length > MOST_BYTES || Buffer.byteLength(text) > MOST_BYTES);
}

function readList(records: ArrayBuffer, canonname?: string): AddressInfo[] {
  const list: AddressInfo[] = [];
  for (let start = 0; start < records.byteLength; start += INFO_BYTES) {
    const [family = 0, type = 0, protocol = 0] = new Int32Array(records, start, HEAD_WORDS);
    const address = readAddress(Buffer.from(records, start + HEAD_BYTES, ADDRESS_RECORD_BYTES));
    list.push({ family, type, protocol, address });
  }
  const [first] = list;
  if (first !== undefined && canonname !== undefined) first.canonname = canonname;
  return list;
}
