// What a socket option is in JavaScript and in C, for each kind of the table: decode() takes what the
// system filled in, which can be fewer bytes than the type has, and encode() checks before anything
// else happens.
import { LITTLE, Struct } from './native-order.js';
import { type FilterInstruction, readFilter, writeFilter } from './filter.js';
import {
  readMulticastIf,
  writeGroupSource,
  writeMreq6,
  writeMreqn,
  writeMreqSource,
  writeMulticastIf,
  writePacketMreq,
} from './memberships.js';
import type { Kind } from './tables/option-row.js';
import { readTcpInfo, TCP_INFO_ROOM, type TcpInfo } from './tcp-info.js';
import {
  bytesOf,
  checkBoolean,
  checkInt32,
  checkInteger,
  checkObject,
  checkPort,
  type Data,
  numberError,
  typeError,
  valueError,
} from './validate.js';

/** What close() does with data that has not gone yet: wait for it, for so long. */
export interface Linger {
  on: boolean;
  seconds: number;
}

/** A process as the kernel knows it: SO_PEERCRED. */
export interface PeerCredentials {
  pid: number;
  uid: number;
  gid: number;
}

interface Codec<Read, Write> {
  /** The room for reading. */
  room: number;
  /** Null where the bytes are too few. */
  decode: (bytes: Buffer) => Read | null;
  encode: (value: Write) => number | Data;
}

const UINT32_MAX = 2 ** 32 - 1;
const UINT64_MAX = 2n ** 64n - 1n;
const INT_BYTES = 4;
/** Of `long` and `time_t`. */
const LONG_BYTES = /^(arm|ia32|mips|mipsel|ppc|s390)$/.test(process.arch) ? 4 : 8;
const TEXT_ROOM = 4096;
const LIST_ROOM = 65536;

const VALUE = 'value';

const never = (): never => {
  throw new TypeError('not in the table as one that can be');
};

const bool: Codec<boolean, boolean> = {
  room: INT_BYTES,
  decode: (bytes) => bytes.length > 0 && bytes.some((byte) => byte !== 0),
  encode(value) {
    checkBoolean(VALUE, value);
    return value ? 1 : 0;
  },
};

const int: Codec<number, number> = {
  room: INT_BYTES,
  decode: (bytes) => (bytes.length < INT_BYTES ? short(bytes) : new Struct(bytes).int32(0)),
  encode(value) {
    checkInt32(VALUE, value);
    return value;
  },
};

/** An option can be a char in C; it is never negative then. */
function short(bytes: Buffer): number | null {
  if (bytes.length === 0) return null;
  return LITTLE ? bytes.readUIntLE(0, bytes.length) : bytes.readUIntBE(0, bytes.length);
}

const uint: Codec<number, number> = {
  room: INT_BYTES,
  decode: (bytes) => (bytes.length < INT_BYTES ? short(bytes) : new Struct(bytes).uint32(0)),
  encode(value) {
    checkInteger(VALUE, value, 0, UINT32_MAX);
    return new Struct(INT_BYTES).setUint32(0, value).bytes;
  },
};

const uint64: Codec<bigint, bigint> = {
  room: 8,
  decode(bytes) {
    if (bytes.length >= 8) return new Struct(bytes).uint64(0);
    return bytes.length < INT_BYTES ? null : BigInt(new Struct(bytes).uint32(0));
  },
  encode(value) {
    if (typeof value !== 'bigint') throw typeError(VALUE, 'of type bigint', value);
    if (value < 0n || value > UINT64_MAX) {
      throw numberError(VALUE, Number(value), 0, Number(UINT64_MAX));
    }
    return new Struct(8).setUint64(0, value).bytes;
  },
};

const uints: Codec<number[], never> = {
  room: LIST_ROOM,
  decode(bytes) {
    const struct = new Struct(bytes);
    const count = Math.floor(bytes.length / INT_BYTES);
    return Array.from({ length: count }, (_, index) => struct.uint32(index * INT_BYTES));
  },
  encode: never,
};

const timeval: Codec<number, number> = {
  room: 16,
  decode(bytes) {
    if (bytes.length < 2 * LONG_BYTES) return null;
    const struct = new Struct(bytes);
    const [seconds, micros] =
      LONG_BYTES === 8
        ? [Number(struct.int64(0)), Number(struct.int64(8))]
        : [struct.int32(0), struct.int32(4)];
    return seconds * 1000 + micros / 1000;
  },
  encode(value) {
    if (typeof value !== 'number') throw typeError(VALUE, 'of type number', value);
    if (!(value >= 0 && value <= 2 ** 31 - 1)) throw numberError(VALUE, value, 0, 2 ** 31 - 1);
    // Up to the next microsecond: 0 would mean that there is no limit.
    const micros = Math.ceil(value * 1000);
    const [seconds, rest] = [Math.floor(micros / 1e6), micros % 1e6];
    return LONG_BYTES === 8
      ? new Struct(16).setUint64(0, BigInt(seconds)).setUint64(8, BigInt(rest)).bytes
      : new Struct(8).setInt32(0, seconds).setInt32(4, rest).bytes;
  },
};

const linger: Codec<Linger, Linger> = {
  room: 8,
  decode(bytes) {
    if (bytes.length < 8) return null;
    const struct = new Struct(bytes);
    return { on: struct.int32(0) !== 0, seconds: struct.int32(4) };
  },
  encode(value) {
    checkObject(VALUE, value);
    const { on, seconds } = value;
    checkBoolean('value.on', on);
    checkInteger('value.seconds', seconds, 0, 2 ** 31 - 1);
    return new Struct(8).setInt32(0, on ? 1 : 0).setInt32(4, seconds).bytes;
  },
};

const ucred: Codec<PeerCredentials, never> = {
  room: 12,
  decode(bytes) {
    if (bytes.length < 12) return null;
    const struct = new Struct(bytes);
    return { pid: struct.int32(0), uid: struct.uint32(4), gid: struct.uint32(8) };
  },
  encode: never,
};

const text: Codec<string, string> = {
  room: TEXT_ROOM,
  decode(bytes) {
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
  },
  encode(value) {
    if (typeof value !== 'string') throw typeError(VALUE, 'of type string', value);
    if (value.includes('\0')) throw valueError(VALUE, value, 'must not contain a NUL');
    return Buffer.from(value);
  },
};

const bytes: Codec<Buffer, Data> = {
  room: TEXT_ROOM,
  decode: (read) => read,
  encode: (value) => bytesOf(VALUE, value),
};

const netInt: Codec<number, number> = {
  room: INT_BYTES,
  decode: (read) => (read.length < INT_BYTES ? null : read.readUInt32BE(0)),
  encode(value) {
    checkInteger(VALUE, value, 0, 2 ** 31 - 1);
    const written = Buffer.alloc(INT_BYTES);
    written.writeUInt32BE(value);
    return written;
  },
};

/** The lower half is the low end, and the upper half the high one. */
const portRange: Codec<{ low: number; high: number }, { low: number; high: number }> = {
  room: INT_BYTES,
  decode(read) {
    if (read.length < INT_BYTES) return null;
    const range = new Struct(read).uint32(0);
    return { low: range & 0xffff, high: range >>> 16 };
  },
  encode(value) {
    checkObject(VALUE, value);
    const { low, high } = value;
    checkPort('value.low', low);
    checkPort('value.high', high);
    return new Struct(INT_BYTES).setUint32(0, ((high << 16) | low) >>> 0).bytes;
  },
};

const packetStatistics: Codec<{ packets: number; drops: number }, never> = {
  room: 8,
  decode(read) {
    if (read.length < 8) return null;
    const struct = new Struct(read);
    return { packets: struct.uint32(0), drops: struct.uint32(4) };
  },
  encode: never,
};

const tcpInfo: Codec<TcpInfo, never> = { room: TCP_INFO_ROOM, decode: readTcpInfo, encode: never };

const filter: Codec<FilterInstruction[], readonly FilterInstruction[]> = {
  room: LIST_ROOM,
  decode: readFilter,
  encode: (value) => writeFilter(VALUE, value),
};

export const codecs = {
  bool,
  int,
  uint,
  uint64,
  uints,
  timeval,
  linger,
  ucred,
  text,
  bytes,
  netInt,
  portRange,
  multicastIf: { room: 16, decode: readMulticastIf, encode: writeMulticastIf },
  mreqn: { room: 0, decode: never, encode: writeMreqn },
  mreqSource: { room: 0, decode: never, encode: writeMreqSource },
  mreq6: { room: 0, decode: never, encode: writeMreq6 },
  groupSource: { room: 0, decode: never, encode: writeGroupSource },
  packetMreq: { room: 0, decode: never, encode: writePacketMreq },
  packetStatistics,
  tcpInfo,
  filter,
} satisfies Record<Kind, Codec<never, never> | object>;
