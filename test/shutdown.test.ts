import * as sys from 'sockkit/sys';
import { cleanUp, CLOSED_FD, codeOf, fileFd, tcpPair, tcpSocket, unixPair } from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('SHUT_WR ends one direction alone', () => {
  const [a, b] = tcpPair();
  sys.shutdown(a, c.SHUT_WR);
  expect(sys.recv(b, Buffer.alloc(1))).toBe(0);
  expect(codeOf(() => sys.send(a, Buffer.from('x')))).toBe('EPIPE');
  sys.send(b, Buffer.from('x'));
  expect(sys.recv(a, Buffer.alloc(1))).toBe(1);
});

test('SHUT_RD makes the peer’s sends fail on a unix socket', () => {
  const [a, b] = unixPair();
  sys.shutdown(a, c.SHUT_RD);
  expect(sys.recv(a, Buffer.alloc(1))).toBe(0);
  expect(codeOf(() => sys.send(b, Buffer.from('x')))).toBe('EPIPE');
});

test('SHUT_RDWR ends both', () => {
  const [a, b] = unixPair();
  sys.shutdown(a, c.SHUT_RDWR);
  expect(sys.recv(a, Buffer.alloc(1))).toBe(0);
  expect(sys.recv(b, Buffer.alloc(1))).toBe(0);
  expect(codeOf(() => sys.send(a, Buffer.from('x')))).toBe('EPIPE');
});

test.each([
  ['EBADF', () => CLOSED_FD, c.SHUT_WR],
  ['ENOTSOCK', fileFd, c.SHUT_WR],
  ['ENOTCONN', tcpSocket, c.SHUT_WR],
  ['EINVAL', () => tcpPair()[0], 3],
  ['EINVAL', () => tcpPair()[0], -1],
])('%s', (code, makeFd, how) => {
  const fd = makeFd();
  expect(
    codeOf(() => {
      sys.shutdown(fd, how);
    }),
  ).toBe(code);
});
