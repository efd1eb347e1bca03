import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  failure,
  fileFd,
  listener,
  tcpSocket,
  udpPair,
  unixSocket,
} from './helpers/net.js';

afterEach(cleanUp);

test('the peer of a TCP connection', () => {
  const server = listener();
  const client = tcpSocket();
  sys.connect(client, server);
  expect(sys.getpeername(client)).toEqual({
    family: 'IPv4',
    address: '127.0.0.1',
    port: server.port,
  });
});

test('the peer that a UDP socket was connected to', () => {
  const [a, b] = udpPair();
  expect(sys.getpeername(a)).toEqual(sys.getsockname(b));
});

test('ENOTCONN', () => {
  expect(failure(() => sys.getpeername(tcpSocket()))).toMatchObject({
    code: 'ENOTCONN',
    syscall: 'getpeername',
    message: 'getpeername ENOTCONN',
  });
  expect(codeOf(() => sys.getpeername(unixSocket()))).toBe('ENOTCONN');
  expect(codeOf(() => sys.getpeername(listener().fd))).toBe('ENOTCONN');
});

test.each([
  ['EBADF', () => CLOSED_FD],
  ['ENOTSOCK', fileFd],
])('%s', (code, makeFd) => {
  const fd = makeFd();
  expect(codeOf(() => sys.getpeername(fd))).toBe(code);
});
