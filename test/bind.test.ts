import * as fs from 'node:fs';
import * as path from 'node:path';
import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  closeNow,
  codeOf,
  failure,
  fileFd,
  ipName,
  listener,
  socket,
  tcpSocket,
  tempDir,
  testIPv6,
  unixSocket,
} from './helpers/net.js';

const { constants: c } = sys;
const ANY_PORT = { address: '127.0.0.1', port: 0 };

afterEach(cleanUp);

test('port 0 picks a port', () => {
  const fd = tcpSocket();
  sys.bind(fd, ANY_PORT);
  const { address, port } = ipName(sys.getsockname(fd));
  expect(address).toBe('127.0.0.1');
  expect(port).toBeGreaterThan(0);
});

testIPv6('binds an IPv6 address', () => {
  const fd = socket(c.AF_INET6, c.SOCK_STREAM);
  sys.bind(fd, { address: '::1', port: 0, family: 'IPv6' });
  expect(sys.getsockname(fd)).toMatchObject({ family: 'IPv6', address: '::1' });
});

test('EADDRINUSE names the address', () => {
  const { address, port } = listener();
  const fd = tcpSocket();
  const error = failure(() => {
    sys.bind(fd, { address, port });
  });
  expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind', address, port });
  expect(error.message).toBe(`bind EADDRINUSE 127.0.0.1:${port}`);
});

test('a unix path becomes a file that outlives the socket', () => {
  const file = path.join(tempDir(), 's');
  const fd = unixSocket();
  sys.bind(fd, { path: file });
  closeNow(fd);
  expect(fs.statSync(file).isSocket()).toBe(true);
  expect(
    codeOf(() => {
      sys.bind(unixSocket(), { path: file });
    }),
  ).toBe('EADDRINUSE');
});

test('a file in a directory that is not there is ENOENT, with the path', () => {
  const file = path.join(tempDir(), 'none', 's');
  const error = failure(() => {
    sys.bind(unixSocket(), { path: file });
  });
  expect(error).toMatchObject({ code: 'ENOENT', address: file });
  expect(error.message).toBe(`bind ENOENT ${file}`);
  expect(error).not.toHaveProperty('port');
});

test.each([
  ['EBADF', () => CLOSED_FD, ANY_PORT],
  ['ENOTSOCK', fileFd, ANY_PORT],
  ['EADDRNOTAVAIL', tcpSocket, { address: '203.0.113.1', port: 0 }],
  ['EINVAL', () => listener().fd, ANY_PORT],
  ['EAFNOSUPPORT', tcpSocket, { family: 9999, raw: Buffer.alloc(14) }],
])('%s', (code, makeFd, address) => {
  const fd = makeFd();
  expect(
    codeOf(() => {
      sys.bind(fd, address);
    }),
  ).toBe(code);
});
