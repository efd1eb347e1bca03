// For the tests of the message calls: pairs, bound sockets, and a count of descriptors.
import * as sys from 'sockkit/sys';
import { cleanUp, hasIPv6, ipName, openFds, own, socket, testWhere } from './net.js';

const { constants: c } = sys;

/** Every test of the file gives back the descriptors that it made, and those that came to it. */
export function countDescriptors(): void {
  let before: string[];
  beforeEach(() => {
    before = openFds();
  });
  afterEach(() => {
    cleanUp();
    expect(openFds()).toEqual(before);
  });
}

/** The two ends of a socketpair(), in the care of cleanUp(). */
export function pair(type: number = c.SOCK_STREAM): [number, number] {
  const [a, b] = sys.socketpair(c.AF_UNIX, type);
  return [own(a), own(b)];
}

/** A UDP socket that is bound to the loopback, and its address. */
export function bound(address = '127.0.0.1'): { fd: number; address: string; port: number } {
  const fd = socket(address.includes(':') ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM);
  sys.bind(fd, { address, port: 0 });
  return { fd, ...ipName(sys.getsockname(fd)) };
}

export interface Loopback {
  address: string;
  family: 'IPv4' | 'IPv6';
}

export const loopbacks: Loopback[] = [
  { address: '127.0.0.1', family: 'IPv4' },
  ...(hasIPv6 ? [{ address: '::1', family: 'IPv6' } as const] : []),
];
if (!hasIPv6) testWhere(false, 'this machine has no IPv6');

/** The constant, which every system that the tests run on has. */
export function known(name: keyof sys.Constants): number {
  const value = c[name];
  if (value === undefined) throw new Error(`this system has no ${name}`);
  return value;
}

/** The control messages of this type. */
export function controlOf<T extends string>(
  list: readonly sys.ControlMessage[],
  type: T,
): Extract<sys.ControlMessage, { type: T }>[] {
  return list.filter((one) => one.type === type) as Extract<sys.ControlMessage, { type: T }>[];
}

export function slot(
  size = 64,
  rest: Partial<sys.MessageSlot> = {},
): sys.MessageSlot & { buffer: Buffer } {
  const buffer = Buffer.alloc(size);
  return { buffer, bytes: 0, address: null, flags: 0, control: [], ...rest } as ReturnType<
    typeof slot
  >;
}

/** The inode of what a descriptor is open on: two descriptors of one open file have the same. */
export { fstatSync as stat } from 'node:fs';
