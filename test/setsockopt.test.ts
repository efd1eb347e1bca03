import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  failure,
  fileFd,
  socket,
  tcpSocket,
  testIPv6,
  udpSocket,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('a boolean', () => {
  const fd = tcpSocket();
  const get = () => sys.getsockopt(fd, c.SOL_SOCKET, c.SO_REUSEADDR);
  expect(get()).toBe(0);
  sys.setsockopt(fd, c.SOL_SOCKET, c.SO_REUSEADDR, true);
  expect(get()).toBe(1);
  sys.setsockopt(fd, c.SOL_SOCKET, c.SO_REUSEADDR, false);
  expect(get()).toBe(0);
});

test('a number', () => {
  const fd = udpSocket();
  expect(sys.getsockopt(fd, c.IPPROTO_IP, c.IP_TTL)).not.toBe(33);
  sys.setsockopt(fd, c.IPPROTO_IP, c.IP_TTL, 33);
  expect(sys.getsockopt(fd, c.IPPROTO_IP, c.IP_TTL)).toBe(33);
  sys.setsockopt(fd, c.IPPROTO_IP, c.IP_TTL, -1); // The default again.
  expect(sys.getsockopt(fd, c.IPPROTO_IP, c.IP_TTL)).toBe(64);
});

test('bytes of every kind of view', () => {
  const fd = tcpSocket();
  const get = () => sys.getsockopt(fd, c.IPPROTO_TCP, c.TCP_KEEPCNT);
  const memory = new Int32Array([0, 5, 0]);
  const values = [
    new Int32Array(memory.buffer, 4, 1),
    new DataView(memory.buffer, 4, 4),
    Buffer.from(memory.buffer, 4, 4),
    memory.buffer.slice(4, 8),
  ];
  for (const value of values) {
    sys.setsockopt(fd, c.IPPROTO_TCP, c.TCP_KEEPCNT, 9);
    expect(get()).toBe(9);
    sys.setsockopt(fd, c.IPPROTO_TCP, c.TCP_KEEPCNT, value);
    expect(get()).toBe(5);
  }
});

test('a name', () => {
  const fd = tcpSocket();
  sys.setsockopt(fd, c.IPPROTO_TCP, c.TCP_CONGESTION ?? -1, Buffer.from('reno'));
  const name = sys.getsockopt(fd, c.IPPROTO_TCP, c.TCP_CONGESTION ?? -1, 16);
  expect(name.toString('latin1').replace(/\0.*/, '')).toBe('reno');
});

test('less than an int is the system’s to take or to refuse', () => {
  const fd = udpSocket();
  sys.setsockopt(fd, c.IPPROTO_IP, c.IP_TTL, Buffer.from([44]));
  expect(sys.getsockopt(fd, c.IPPROTO_IP, c.IP_TTL)).toBe(44);
  expect(
    codeOf(() => {
      sys.setsockopt(fd, c.SOL_SOCKET, c.SO_REUSEADDR, Buffer.alloc(3));
    }),
  ).toBe('EINVAL');
  expect(
    codeOf(() => {
      sys.setsockopt(fd, c.SOL_SOCKET, c.SO_REUSEADDR, Buffer.alloc(0));
    }),
  ).toBe('EINVAL');
});

test('SO_RCVBUF is doubled by Linux', () => {
  const fd = tcpSocket();
  sys.setsockopt(fd, c.SOL_SOCKET, c.SO_RCVBUF, 16384);
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_RCVBUF)).toBe(32768);
});

testIPv6('an option of IPv6', () => {
  const fd = socket(c.AF_INET6, c.SOCK_STREAM);
  sys.setsockopt(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY, true);
  expect(sys.getsockopt(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY)).toBe(1);
  sys.setsockopt(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY, false);
  expect(sys.getsockopt(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY)).toBe(0);
});

test('ENOPROTOOPT', () => {
  const error = failure(() => {
    sys.setsockopt(tcpSocket(), c.SOL_SOCKET, 12345, 1);
  });
  expect(error).toMatchObject({ code: 'ENOPROTOOPT', syscall: 'setsockopt' });
  // One that can only be read.
  expect(
    codeOf(() => {
      sys.setsockopt(tcpSocket(), c.SOL_SOCKET, c.SO_TYPE, 1);
    }),
  ).toBe('ENOPROTOOPT');
});

test.each([
  ['EBADF', () => CLOSED_FD],
  ['ENOTSOCK', fileFd],
])('%s', (code, makeFd) => {
  const fd = makeFd();
  expect(
    codeOf(() => {
      sys.setsockopt(fd, c.SOL_SOCKET, c.SO_REUSEADDR, 1);
    }),
  ).toBe(code);
});
