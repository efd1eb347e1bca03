import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  failure,
  fileFd,
  socket,
  tcpPair,
  tcpSocket,
  testWhere,
  udpSocket,
  unixPair,
} from './helpers/net.js';

const { constants: c } = sys;
const isRoot = process.getuid?.() === 0;

afterEach(cleanUp);

test('an int without a length, a Buffer with one', () => {
  const fd = tcpSocket();
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE)).toBe(c.SOCK_STREAM);
  const bytes = sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, 4);
  expect(Buffer.isBuffer(bytes)).toBe(true);
  expect(bytes).toEqual(Buffer.from(new Int32Array([c.SOCK_STREAM]).buffer));
});

test('a negative int', () => {
  const fd = tcpSocket();
  // -1 is the default of this one.
  expect(sys.getsockopt(fd, c.IPPROTO_IP, c.IP_MULTICAST_TTL)).toBe(1);
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_PEEK_OFF ?? -1)).toBe(-1);
});

test('a struct: linger', () => {
  const fd = tcpSocket();
  sys.setsockopt(fd, c.SOL_SOCKET, c.SO_LINGER, new Int32Array([1, 7]));
  const linger = sys.getsockopt(fd, c.SOL_SOCKET, c.SO_LINGER, 8);
  expect([linger.readInt32LE(0), linger.readInt32LE(4)]).toEqual([1, 7]);
});

test('the Buffer has what the system filled in, and no more', () => {
  const fd = tcpSocket();
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, 100)).toHaveLength(4);
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, 65536)).toHaveLength(4);
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE, 0)).toHaveLength(0);
  expect(sys.getsockopt(fd, c.IPPROTO_TCP, c.TCP_CONGESTION ?? -1, 16)).toHaveLength(16);
});

test('an int of which the system fills in less', () => {
  const fd = udpSocket();
  sys.setsockopt(fd, c.IPPROTO_IP, c.IP_TTL, 200);
  // With room for less than an int, Linux gives a char.
  const bytes = sys.getsockopt(fd, c.IPPROTO_IP, c.IP_TTL, 3);
  expect(bytes).toEqual(Buffer.from([200]));
});

test('a value of 64 bits is whole in its bytes', () => {
  const cookie = sys.getsockopt(tcpSocket(), c.SOL_SOCKET, c.SO_COOKIE ?? -1, 8);
  expect(cookie).toHaveLength(8);
  expect(cookie.readBigUInt64LE(0)).not.toBe(0n);
});

test('TCP_INFO of a connection', () => {
  const [a] = tcpPair();
  const info = sys.getsockopt(a, c.IPPROTO_TCP, c.TCP_INFO ?? -1, 256);
  expect(info.length).toBeGreaterThan(100);
  expect(info[0]).toBe(1); // TCP_ESTABLISHED
});

test('SO_PEERCRED', () => {
  const [a] = unixPair();
  const credentials = sys.getsockopt(a, c.SOL_SOCKET, c.SO_PEERCRED ?? -1, 12);
  expect(credentials.readInt32LE(0)).toBe(process.pid);
  expect(credentials.readUInt32LE(4)).toBe(process.getuid?.());
});

const sanitized = (process.env.LD_PRELOAD ?? '').includes('asan');
testWhere(!sanitized, 'AddressSanitizer believes that all that is reported was written')(
  'an option that reports more than there is room for',
  () => {
    const netlink = socket(c.AF_NETLINK ?? -1, c.SOCK_RAW);
    const NETLINK_ADD_MEMBERSHIP = 1;
    const NETLINK_LIST_MEMBERSHIPS = 9;
    sys.bind(netlink, { family: c.AF_NETLINK ?? -1, raw: Buffer.alloc(10) });
    sys.setsockopt(netlink, c.SOL_NETLINK ?? -1, NETLINK_ADD_MEMBERSHIP, 1);
    const list = (length: number) =>
      sys.getsockopt(netlink, c.SOL_NETLINK ?? -1, NETLINK_LIST_MEMBERSHIPS, length);
    expect(list(64).readUInt32LE(0)).toBe(1);
    expect(list(0)).toHaveLength(0);
    expect(list(4)).toHaveLength(4);
  },
);

testWhere(isRoot, 'SO_MARK needs root')('an unsigned value of 32 bits', () => {
  const fd = tcpSocket();
  sys.setsockopt(fd, c.SOL_SOCKET, c.SO_MARK ?? -1, new Uint32Array([0xfffffffe]));
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_MARK ?? -1)).toBe(-2);
});

test('ENOPROTOOPT', () => {
  const error = failure(() => sys.getsockopt(tcpSocket(), c.SOL_SOCKET, 12345));
  expect(error).toMatchObject({ code: 'ENOPROTOOPT', syscall: 'getsockopt' });
  expect(codeOf(() => sys.getsockopt(tcpSocket(), c.SOL_SOCKET, -1))).toBe('ENOPROTOOPT');
});

test.each([
  ['EBADF', () => CLOSED_FD],
  ['ENOTSOCK', fileFd],
])('%s', (code, makeFd) => {
  const fd = makeFd();
  expect(codeOf(() => sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE))).toBe(code);
});
