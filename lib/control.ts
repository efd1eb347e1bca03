// Control messages as objects, and as the records in which they travel to native code and back:
// struct ControlRecord in native/napi/control.h.
import { type Address, ADDRESS_RECORD_BYTES, readAddress, readSender } from './address.js';
import { binding, REFUSED_ADDRESS } from './binding.js';
import type { ControlMessage } from './control-messages.js';
import { ControlKind, type ControlItem, readItem } from './control-input.js';
import { errorCode, SocketError } from './errors.js';
import { ipError, numberError, typeError } from './validate.js';

export type { ControlInput, ControlMessage } from './control-messages.js';

const HEAD_BYTES = 48;
const SECONDS_OFFSET = HEAD_BYTES;
const ADDRESS_OFFSET = SECONDS_OFFSET + 8;
const SPEC_DST_OFFSET = ADDRESS_OFFSET + ADDRESS_RECORD_BYTES;
const RECORD_BYTES = SPEC_DST_OFFSET + ADDRESS_RECORD_BYTES;

// Words of the record's head.
const KIND = 0;
const FAMILY = 1;
const LEVEL = 2;
const TYPE = 3;
const OFFSET = 4;
const LENGTH = 5;
const WORDS = 6;

const record = Buffer.from(new ArrayBuffer(RECORD_BYTES));
const head = new Int32Array(record.buffer, 0, HEAD_BYTES / 4);
const seconds = new Float64Array(record.buffer, SECONDS_OFFSET, 1);
const addressPart = record.subarray(ADDRESS_OFFSET, SPEC_DST_OFFSET);
const specDstPart = record.subarray(SPEC_DST_OFFSET);

/** Items and bytes beyond these are refused before anything is made of them. */
const MOST_ITEMS = 1024;
const MOST_BYTES = 65536;

const ORIGINS = ['none', 'local', 'icmp', 'icmp6', 'timestamping', 'zerocopy', 'txtime'] as const;

/** The control messages in these bytes of memory that native code has filled in. */
export function readControl(memory: Uint8Array, begin: number, end: number): ControlMessage[] {
  const list: ControlMessage[] = [];
  for (let at = begin; at < end;) {
    const next = binding.nextControl(memory, at, end, record);
    if (next <= at) break;
    list.push(readRecord(memory));
    at = next;
  }
  return list;
}

const word = (index: number): number => head[WORDS + index] ?? 0;
const unsigned = (index: number): number => word(index) >>> 0;

function readRecord(memory: Uint8Array): ControlMessage {
  const family = head[FAMILY] === 6 ? 'IPv6' : 'IPv4';
  const start = memory.byteOffset + (head[OFFSET] ?? 0);
  const length = head[LENGTH] ?? 0;
  switch (head[KIND]) {
    case ControlKind.rights:
      return { type: 'rights', fds: [...new Int32Array(memory.buffer, start, length >> 2)] };
    case ControlKind.credentials:
      return { type: 'credentials', pid: word(0), uid: unsigned(1), gid: unsigned(2) };
    case ControlKind.pidfd:
      return { type: 'pidfd', fd: word(0) };
    case ControlKind.pktinfo: {
      const info = { type: 'pktinfo', ifindex: unsigned(0), address: ipText(addressPart) } as const;
      if (family === 'IPv6') return { ...info, family };
      return { ...info, family, specDst: ipText(specDstPart) };
    }
    case ControlKind.ttl:
      return { type: 'ttl', family, value: word(0) };
    case ControlKind.tos:
      return { type: 'tos', family, value: word(0) };
    case ControlKind.timestamp:
      return { type: 'timestamp', seconds: seconds[0] ?? 0, nanoseconds: unsigned(0) };
    case ControlKind.recverr:
      return {
        type: 'recverr',
        family,
        errno: -unsigned(0),
        code: errorCode(unsigned(0)),
        origin: ORIGINS[unsigned(1)] ?? unsigned(1),
        icmpType: unsigned(2),
        icmpCode: unsigned(3),
        info: unsigned(4),
        data: unsigned(5),
        offender: readSender(addressPart),
      };
    default: {
      const offset = head[OFFSET] ?? 0;
      const data = Buffer.from(memory.subarray(offset, offset + length));
      return { level: head[LEVEL] ?? 0, type: head[TYPE] ?? 0, data };
    }
  }
}

function ipText(part: Buffer): string {
  const address: Address = readAddress(part);
  return address.address ?? '';
}

/**
 * The control data for a call: what the system reads, or null for none. Everything that can run
 * other code is done before the first byte is written.
 */
export function writeControl(control: unknown, name: string): Buffer | null {
  if (control === undefined || control === null) return null;
  if (!Array.isArray(control)) throw typeError(name, 'an instance of Array', control);
  const count = control.length;
  if (count > MOST_ITEMS) throw numberError(`${name}.length`, count, 0, MOST_ITEMS);
  const items: ControlItem[] = [];
  let room = 0;
  for (let index = 0; index < count; index++) {
    const item = readItem(`${name}[${index}]`, control[index], MOST_BYTES);
    // Twice the head, padding and widest structure: some kinds are put in for both IP families.
    room += 96 + item.data.length;
    if (room > MOST_BYTES) throw numberError(`the size of ${name}`, room, 0, MOST_BYTES);
    items.push(item);
  }
  if (count === 0) return null;
  const out = Buffer.alloc(room);
  let used = 0;
  for (const item of items) used = put(item, out, used);
  return out.subarray(0, used);
}

function put(item: ControlItem, out: Buffer, used: number): number {
  head.set([item.kind, item.family, item.level, item.type, 0, 0]);
  for (let index = 0; index < 6; index++) head[WORDS + index] = item.words[index] ?? 0;
  addressPart.fill(0);
  if (item.address !== '') {
    // The same words as the head of an address: kind 1 is IPv4, kind 2 IPv6; the text's length is
    // the last of them.
    const words = new Uint32Array(record.buffer, ADDRESS_OFFSET, 5);
    words.set([item.family === 6 ? 2 : 1, 0, 0, 0, item.address.length]);
    addressPart.write(item.address, 20, 'latin1');
  }
  const result = binding.putControl(record, item.data, out, used);
  if (result === REFUSED_ADDRESS) throw ipError(item.address);
  if (result < 0) throw new SocketError('sendmsg', result);
  return result;
}
