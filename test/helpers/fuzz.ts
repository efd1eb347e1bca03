// Arguments by chance for the calls of sys, and the descriptors that they are made with.
import * as sys from 'sockkit/sys';
import { NOT_DATA, NOT_NUMBERS, OUT_OF_INT } from './junk.js';

const { constants: c } = sys;

export const SEED = Number(process.env.SOCKKIT_FUZZ_SEED ?? 20_261_124) >>> 0;

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(SEED);
export const below = (limit: number): number => Math.floor(random() * limit);
export const chance = (probability: number): boolean => random() < probability;
export function pick<T>(list: readonly T[]): T {
  return list[below(list.length)] as T;
}

/** The descriptors that are ours now; each is non-blocking. */
export let pool: number[] = [];
const numbers = Object.values(c);

/** Looks at every descriptor's number before it is used: only ours, and none that is open. */
export function fd(): number {
  if (pool.length > 0 && chance(0.93)) return pick(pool);
  return 900_000 + below(1000);
}

export function take(made: number): void {
  pool.push(made);
  try {
    sys.setNonblocking(made, true);
  } catch {
    // A file; reading one does not wait.
  }
}

export function drop(made: number): void {
  pool = pool.filter((one) => one !== made);
  sys.close(made);
}

const memory = Buffer.alloc(4096, 'm');
const large = Buffer.alloc(100_000);

export function data(): sys.Data {
  if (chance(0.02)) return pick(NOT_DATA) as sys.Data;
  if (chance(0.03)) return large;
  const start = below(2048);
  const view = memory.subarray(start, start + below(chance(0.5) ? 16 : 2048));
  if (chance(0.8)) return view;
  return pick([
    new DataView(view.buffer, view.byteOffset, view.length),
    new Uint16Array(16),
    new Float64Array(3),
    new ArrayBuffer(below(64)),
  ]);
}

export function dataList(): sys.Data | sys.Data[] {
  if (chance(0.6)) return data();
  const list = Array.from({ length: chance(0.01) ? 1025 : below(5) }, data);
  if (chance(0.02)) list.length += 1;
  return list;
}

export function int(): number {
  if (chance(0.03)) return pick([...NOT_NUMBERS, ...OUT_OF_INT]) as number;
  if (chance(0.5)) return below(70);
  return chance(0.8) ? pick(numbers) : below(2 ** 32) - 2 ** 31;
}

// Not MSG_WAITALL and the like by chance alone: nothing here waits, since all is non-blocking.
export function flags(): number {
  if (chance(0.6)) return 0;
  if (chance(0.05)) return int();
  return pick([
    c.MSG_PEEK,
    c.MSG_TRUNC,
    c.MSG_DONTWAIT,
    c.MSG_OOB,
    c.MSG_EOR,
    c.MSG_WAITALL,
    c.MSG_ERRQUEUE ?? 0,
    c.MSG_CTRUNC,
    c.MSG_WAITFORONE ?? 0,
  ]);
}

let ports: number[] = [9];

export function address(): sys.AddressInput {
  // No other's port either.
  const port = chance(0.95) ? pick(ports) : pick([0, 65_536, 1.5]);
  const kind = below(12);
  if (kind < 5) return { address: '127.0.0.1', port };
  if (kind < 7) return { address: '::1', port, scopeId: below(3), flowinfo: below(2 ** 20) };
  if (kind === 7) return { path: `\0sockkit-fuzz-${process.pid}-${below(5)}` };
  if (kind === 8) return { path: '' };
  if (kind === 9) return { path: pick(['/nosuch/fuzz', Buffer.alloc(109, 'p'), '\0'.repeat(108)]) };
  // A family that no socket here has: the bytes of one that has could name any host.
  if (kind === 10) return { family: pick([200, 65_535]), raw: memory.subarray(0, below(127)) };
  // AF_UNSPEC is taken for AF_INET by some calls: 0.0.0.0 and port 0.
  if (chance(0.5)) return { family: 0, raw: new Uint8Array(below(30)) };
  const odd: unknown[] = [null, {}, { address: '127.1', port }, { address: 5, port: 'x' }, 'text'];
  return pick(odd) as sys.AddressInput;
}

function controlItem(): sys.ControlInput {
  switch (below(8)) {
    case 0:
      return { type: 'rights', fds: Array.from({ length: below(4) }, fd) };
    case 1:
      return { type: 'credentials', pid: process.pid, uid: below(2), gid: below(2) };
    case 2:
      return { type: 'pktinfo', ifindex: below(3), address: pick(['127.0.0.1', '::1', '127.1']) };
    case 3:
      return { type: 'ttl', value: below(300) - 2 };
    case 4:
      return { type: 'tos', value: below(256), family: pick(['IPv4', 'IPv6', undefined]) };
    case 5:
      // SCM_RIGHTS as bytes could be any descriptor, so this level is not among these.
      return { level: pick([0, 6, 17, 41, 255]), type: below(80), data: data() };
    case 6:
      return pick([null, {}, { type: 'recverr' }, { type: 'rights', fds: 'x' }]) as never;
    default:
      return { type: 'rights', fds: [] };
  }
}

const control = (): sys.ControlInput[] | undefined =>
  chance(0.6) ? undefined : Array.from({ length: below(4) }, controlItem);

export function message(): sys.Message {
  if (chance(0.01)) return pick(NOT_DATA) as sys.Message;
  return { data: dataList(), address: chance(0.5) ? address() : null, control: control() };
}

/** Keeps the port in mind, so that others are sent to it. */
export function note(name: sys.Address): void {
  if (name.port !== undefined && name.port > 0) ports = [...ports.slice(-20), name.port];
}
