// struct tcp_info of <linux/tcp.h>, which grows at its end from kernel to kernel.
import { LITTLE, Struct } from './native-order.js';

/** The states of RFC 9293, by the kernel's numbers. */
const STATES = [
  ...['UNKNOWN', 'ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'TIME_WAIT'],
  ...['CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'LISTEN', 'CLOSING', 'NEW_SYN_RECV'],
];
const CA_STATES = ['open', 'disorder', 'cwr', 'recovery', 'loss'];

type Type = 'u8' | 'u16' | 'u32' | 'u64';

// Counts without a unit are of packets or of events, as the kernel counts them.
// prettier-ignore
const ALWAYS = [
  ['retransmits', 'u8', 2], ['probes', 'u8', 3], ['backoff', 'u8', 4], ['options', 'u8', 5],
  ['rtoUs', 'u32', 8], ['atoUs', 'u32', 12], ['sndMssBytes', 'u32', 16], ['rcvMssBytes', 'u32', 20],
  ['unacked', 'u32', 24], ['sacked', 'u32', 28], ['lost', 'u32', 32], ['retrans', 'u32', 36],
  ['fackets', 'u32', 40], ['lastDataSentMs', 'u32', 44], ['lastAckSentMs', 'u32', 48],
  ['lastDataRecvMs', 'u32', 52], ['lastAckRecvMs', 'u32', 56], ['pmtuBytes', 'u32', 60],
  ['rcvSsthreshBytes', 'u32', 64], ['rttUs', 'u32', 68], ['rttVarUs', 'u32', 72],
  ['sndSsthresh', 'u32', 76], ['sndCwnd', 'u32', 80], ['advMssBytes', 'u32', 84],
  ['reordering', 'u32', 88], ['rcvRttUs', 'u32', 92], ['rcvSpaceBytes', 'u32', 96],
  ['totalRetrans', 'u32', 100],
] as const satisfies readonly [string, Type, number][];

// prettier-ignore
const LATER = [
  ['pacingRateBytesPerSecond', 'u64', 104], ['maxPacingRateBytesPerSecond', 'u64', 112],
  ['bytesAcked', 'u64', 120], ['bytesReceived', 'u64', 128], ['segsOut', 'u32', 136],
  ['segsIn', 'u32', 140], ['notsentBytes', 'u32', 144], ['minRttUs', 'u32', 148],
  ['dataSegsIn', 'u32', 152], ['dataSegsOut', 'u32', 156],
  ['deliveryRateBytesPerSecond', 'u64', 160], ['busyTimeUs', 'u64', 168],
  ['rwndLimitedUs', 'u64', 176], ['sndbufLimitedUs', 'u64', 184], ['delivered', 'u32', 192],
  ['deliveredCe', 'u32', 196], ['bytesSent', 'u64', 200], ['bytesRetrans', 'u64', 208],
  ['dsackDups', 'u32', 216], ['reordSeen', 'u32', 220], ['rcvOooPack', 'u32', 224],
  ['sndWndBytes', 'u32', 228], ['rcvWndBytes', 'u32', 232], ['rehash', 'u32', 236],
  ['totalRto', 'u16', 240], ['totalRtoRecoveries', 'u16', 242], ['totalRtoTimeMs', 'u32', 244],
  ['receivedCe', 'u32', 248], ['deliveredE1Bytes', 'u32', 252], ['deliveredE0Bytes', 'u32', 256],
  ['deliveredCeBytes', 'u32', 260], ['receivedE1Bytes', 'u32', 264],
  ['receivedE0Bytes', 'u32', 268], ['receivedCeBytes', 'u32', 272],
  ['accecnFailMode', 'u16', 276], ['accecnOptSeen', 'u16', 278],
] as const satisfies readonly [string, Type, number][];

/**
 * `struct tcp_info`: the names are the kernel's, with their units. The fields that came to the kernel
 * after Linux 2.6 are absent where this one has not got them. See tcp(7), <linux/tcp.h>.
 */
export type TcpInfo = {
  /** `ESTABLISHED`, `FIN_WAIT2`, ... */
  state: string;
  /** Of the congestion control: `open`, `disorder`, `cwr`, `recovery` or `loss`. */
  caState: string;
  sndWscale: number;
  rcvWscale: number;
  /** Whether the delivery rate was limited by what there was to send. */
  deliveryRateAppLimited: boolean;
  fastopenClientFail: number;
} & Record<(typeof ALWAYS)[number][0], number> &
  Partial<Record<(typeof LATER)[number][0], number>>;

export const TCP_INFO_ROOM = 512;
const LEAST_BYTES = 104;
const SIZES: Record<Type, number> = { u8: 1, u16: 2, u32: 4, u64: 8 };
const UNLIMITED = 2n ** 64n - 1n;

/** Null where the bytes are too few. */
export function readTcpInfo(bytes: Buffer): TcpInfo | null {
  if (bytes.length < LEAST_BYTES) return null;
  const struct = new Struct(bytes);
  const fields = [...ALWAYS, ...LATER]
    .filter(([, type, offset]) => offset + SIZES[type] <= bytes.length)
    .map(([name, type, offset]) => [name, readField(struct, type, offset)]);
  return {
    state: STATES[struct.uint8(0)] ?? String(struct.uint8(0)),
    caState: CA_STATES[struct.uint8(1)] ?? String(struct.uint8(1)),
    ...readBits(struct),
    ...(Object.fromEntries(fields) as Record<(typeof ALWAYS)[number][0], number>),
  };
}

function readField(struct: Struct, type: Type, offset: number): number {
  if (type === 'u8') return struct.uint8(offset);
  if (type === 'u16') return struct.uint16(offset);
  if (type === 'u32') return struct.uint32(offset);
  const value = struct.uint64(offset);
  return value === UNLIMITED ? Infinity : Number(value);
}

/** Bit fields begin at the low end on a little-endian machine, and at the high end on another. */
function readBits(struct: Struct) {
  const scales = struct.uint8(6);
  const flags = struct.uint8(7);
  const [low, high] = [scales & 15, scales >> 4];
  return {
    sndWscale: LITTLE ? low : high,
    rcvWscale: LITTLE ? high : low,
    deliveryRateAppLimited: (flags & (LITTLE ? 1 : 128)) !== 0,
    fastopenClientFail: (LITTLE ? flags >> 1 : flags >> 5) & 3,
  };
}
