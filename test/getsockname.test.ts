import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  fileFd,
  listener,
  socket,
  tcpPair,
  tcpSocket,
  testIPv6,
  unixPair,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('an IPv4 socket', () => {
  const fd = tcpSocket();
  expect(sys.getsockname(fd)).toEqual({ family: 'IPv4', address: '0.0.0.0', port: 0 });
  const server = listener();
  expect(sys.getsockname(server.fd)).toEqual({
    family: 'IPv4',
    address: '127.0.0.1',
    port: server.port,
  });
});

testIPv6('an IPv6 socket', () => {
  const fd = socket(c.AF_INET6, c.SOCK_DGRAM);
  const any = { family: 'IPv6', address: '::', port: 0, flowinfo: 0, scopeId: 0 };
  expect(sys.getsockname(fd)).toEqual(any);
});

test('each end of a connection has the name that the other calls its peer', () => {
  for (const [a, b] of [tcpPair(), unixPair()]) {
    expect(sys.getpeername(a)).toEqual(sys.getsockname(b));
    expect(sys.getpeername(b)).toEqual(sys.getsockname(a));
  }
});

test('a family without a form of its own comes as its bytes', () => {
  const netlink = socket(c.AF_NETLINK ?? -1, c.SOCK_RAW);
  sys.bind(netlink, { family: c.AF_NETLINK ?? -1, raw: Buffer.alloc(10) });
  const name = sys.getsockname(netlink);
  if (!('raw' in name)) throw new Error('not raw');
  expect(name).toEqual({ family: c.AF_NETLINK, raw: name.raw });
  // struct sockaddr_nl: 2 bytes of padding, the port id that the kernel gave, the groups.
  expect(name.raw).toHaveLength(10);
  expect(name.raw.readUInt32LE(2)).not.toBe(0);
});

test.each([
  ['EBADF', () => CLOSED_FD],
  ['ENOTSOCK', fileFd],
])('%s', (code, makeFd) => {
  const fd = makeFd();
  expect(codeOf(() => sys.getsockname(fd))).toBe(code);
});
