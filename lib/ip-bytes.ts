// IP literals as the bytes of struct in_addr and in6_addr, for the structs of socket options.
import { ipError, typeError } from './validate.js';

export const IPV4_ANY = '0.0.0.0';

/** The 4 bytes of `192.0.2.1`. */
export function ipv4Bytes(name: string, text: unknown): Uint8Array {
  if (typeof text !== 'string') throw typeError(name, 'of type string', text);
  const bytes = parseIpv4(text);
  if (bytes === null) throw ipError(text);
  return bytes;
}

/** The 16 bytes of `2001:db8::1`; there is no zone. */
export function ipv6Bytes(name: string, text: unknown): Uint8Array {
  if (typeof text !== 'string') throw typeError(name, 'of type string', text);
  const bytes = parseIpv6(text);
  if (bytes === null) throw ipError(text);
  return bytes;
}

export function ipv4Text(bytes: Uint8Array): string {
  return bytes.join('.');
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return Uint8Array.from(parts, Number);
}

/** RFC 4291, section 2.2. */
function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === '' ? [] : groups(half)));
  if (head === undefined || head === null || tail === null) return null;
  const missing = 16 - head.length - (tail?.length ?? 0);
  // A `::` stands for at least one group of zeros, and without it nothing is missing.
  if (tail === undefined ? missing !== 0 : missing < 2) return null;
  const zeros = new Array<number>(missing).fill(0);
  return Uint8Array.from([...head, ...zeros, ...(tail ?? [])]);
}

/** The bytes of `2001:db8`, where the last group can be an IPv4 address; null where it is neither. */
function groups(text: string): number[] | null {
  const parts = text.split(':');
  const bytes: number[] = [];
  for (const [index, part] of parts.entries()) {
    const ipv4 = index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : null;
    if (ipv4 !== null) bytes.push(...ipv4);
    else if (/^[\da-f]{1,4}$/i.test(part))
      bytes.push(parseInt(part, 16) >> 8, parseInt(part, 16) & 255);
    else return null;
  }
  return bytes;
}
