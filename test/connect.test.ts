import * as path from 'node:path';
import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  errno,
  type ErrnoName,
  failure,
  fileFd,
  listener,
  own,
  ready,
  refusingPort,
  tcpPair,
  tcpSocket,
  tempDir,
  testIPv6,
  socket,
  udpPair,
  udpSocket,
  unixSocket,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('connects to a listener', () => {
  const server = listener();
  const client = tcpSocket();
  sys.connect(client, server);
  expect(sys.getpeername(client)).toEqual(sys.getsockname(server.fd));
});

test('tryConnect gives 0', () => {
  const server = listener();
  expect(sys.tryConnect(tcpSocket(), server)).toBe(0);
});

testIPv6('connects over IPv6, and takes back what getsockname gave', () => {
  const server = listener('::1');
  const client = socket(c.AF_INET6, c.SOCK_STREAM);
  sys.connect(client, sys.getsockname(server.fd));
  expect(sys.getpeername(client)).toEqual(sys.getsockname(server.fd));
});

test('ECONNREFUSED says where', () => {
  const port = refusingPort();
  const error = failure(() => {
    sys.connect(tcpSocket(), { address: '127.0.0.1', port });
  });
  expect(error).toMatchObject({
    name: 'SocketError',
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    code: 'ECONNREFUSED',
    errno: errno('ECONNREFUSED'),
    syscall: 'connect',
    address: '127.0.0.1',
    port,
  });
  expect(sys.tryConnect(tcpSocket(), { address: '127.0.0.1', port })).toBe(errno('ECONNREFUSED'));
});

testIPv6('an IPv6 address in a message has no brackets, as in Node’s', () => {
  const port = refusingPort();
  const fd = socket(c.AF_INET6, c.SOCK_STREAM);
  const error = failure(() => {
    sys.connect(fd, { address: '::1', port });
  });
  expect(error.message).toBe(`connect ECONNREFUSED ::1:${port}`);
});

test('a non-blocking connect is in progress until poll says POLLOUT', () => {
  const server = listener();
  const client = tcpSocket();
  sys.setNonblocking(client, true);
  expect(
    codeOf(() => {
      sys.connect(client, server);
    }),
  ).toBe('EINPROGRESS');
  ready(client, c.POLLOUT);
  expect(sys.getsockopt(client, c.SOL_SOCKET, c.SO_ERROR)).toBe(0);
  // The first call after that reports the success, the next ones that it is connected.
  expect(sys.tryConnect(client, server)).toBe(0);
  expect(
    codeOf(() => {
      sys.connect(client, server);
    }),
  ).toBe('EISCONN');
});

test('a non-blocking connect that fails leaves its error in SO_ERROR, once', () => {
  const client = tcpSocket();
  sys.setNonblocking(client, true);
  const result = sys.tryConnect(client, { address: '127.0.0.1', port: refusingPort() });
  expect(result).toBe(errno('EINPROGRESS'));
  expect(ready(client, c.POLLOUT) & c.POLLERR).not.toBe(0);
  expect(-sys.getsockopt(client, c.SOL_SOCKET, c.SO_ERROR)).toBe(errno('ECONNREFUSED'));
  expect(sys.getsockopt(client, c.SOL_SOCKET, c.SO_ERROR)).toBe(0);
});

test('EAGAIN where a unix listener’s queue is full', () => {
  const server = unixSocket();
  sys.bind(server, { path: '' });
  sys.listen(server, 0);
  sys.connect(unixSocket(), sys.getsockname(server));
  const late = unixSocket();
  sys.setNonblocking(late, true);
  expect(
    codeOf(() => {
      sys.connect(late, sys.getsockname(server));
    }),
  ).toBe('EAGAIN');
});

test('a UDP socket gets a peer, and loses it by AF_UNSPEC', () => {
  const [a] = udpPair();
  expect(sys.getpeername(a)).toMatchObject({ family: 'IPv4' });
  sys.connect(a, { family: c.AF_UNSPEC, raw: Buffer.alloc(14) });
  expect(codeOf(() => sys.getpeername(a))).toBe('ENOTCONN');
});

test('connects to a unix path', () => {
  const file = path.join(tempDir(), 's');
  const server = unixSocket();
  sys.bind(server, { path: file });
  sys.listen(server);
  const client = unixSocket();
  sys.connect(client, { path: file });
  own(sys.accept(server).fd);
  expect(sys.getpeername(client)).toEqual({ family: 'unix', path: file });
});

const NOWHERE = { address: '127.0.0.1', port: 1 };

test.each<[ErrnoName, () => number, sys.AddressInput]>([
  ['EBADF', () => CLOSED_FD, NOWHERE],
  ['ENOTSOCK', fileFd, NOWHERE],
  ['EISCONN', () => tcpPair()[0], NOWHERE],
  ['ENOENT', () => unixSocket(), { path: '/nonexistent/socket' }],
  ['EAFNOSUPPORT', tcpSocket, { family: 9999, raw: Buffer.alloc(14) }],
  ['EINVAL', udpSocket, { family: c.AF_INET, raw: Buffer.alloc(2) }],
])('%s', (code, makeFd, address) => {
  const fd = makeFd();
  expect(
    codeOf(() => {
      sys.connect(fd, address);
    }),
  ).toBe(code);
  expect(sys.tryConnect(fd, address)).toBe(errno(code));
});
