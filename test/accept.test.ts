import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  errno,
  type ErrnoName,
  fdFlags,
  fileFd,
  ipName,
  listener,
  openFds,
  own,
  tcpSocket,
  testIPv6,
  socket,
  udpSocket,
  unixSocket,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('gives a new descriptor and the peer’s address', () => {
  const server = listener();
  const client = tcpSocket();
  sys.connect(client, server);
  const accepted = sys.accept(server.fd);
  own(accepted.fd);
  expect(accepted).toEqual({ fd: accepted.fd, address: sys.getsockname(client) });
  expect(accepted.fd).not.toBe(server.fd);
  expect(ipName(sys.getsockname(accepted.fd)).port).toBe(server.port);
});

testIPv6('gives an IPv6 peer’s address', () => {
  const server = listener('::1');
  const client = socket(c.AF_INET6, c.SOCK_STREAM);
  sys.connect(client, server);
  const { fd, address } = sys.accept(server.fd);
  own(fd);
  const { port } = ipName(sys.getsockname(client));
  expect(address).toEqual({ family: 'IPv6', address: '::1', port, flowinfo: 0, scopeId: 0 });
});

test('a unix peer without a name has the path ""', () => {
  const server = unixSocket();
  sys.bind(server, { path: '' });
  sys.listen(server);
  sys.connect(unixSocket(), sys.getsockname(server));
  const { fd, address } = sys.accept(server);
  own(fd);
  expect(address).toEqual({ family: 'unix', path: '' });
});

test('the new descriptor is close-on-exec and blocking, though the listener is not', () => {
  const server = listener();
  sys.setNonblocking(server.fd, true);
  sys.connect(tcpSocket(), server);
  const { fd } = sys.accept(server.fd);
  own(fd);
  expect(fdFlags(server.fd).nonblocking).toBe(true);
  expect(fdFlags(fd)).toEqual({ cloexec: true, nonblocking: false });
});

test('where none waits, a non-blocking listener says EAGAIN', () => {
  const { fd } = listener();
  sys.setNonblocking(fd, true);
  expect(codeOf(() => sys.accept(fd))).toBe('EAGAIN');
  expect(sys.tryAccept(fd)).toBe(errno('EAGAIN'));
});

test('tryAccept gives what accept does', () => {
  const server = listener();
  const client = tcpSocket();
  sys.connect(client, server);
  const accepted = sys.tryAccept(server.fd);
  if (typeof accepted === 'number') throw new Error(`refused: ${accepted}`);
  own(accepted.fd);
  expect(accepted.address).toEqual(sys.getsockname(client));
});

test('keeps the order in which they connected', () => {
  const server = listener();
  const clients = [tcpSocket(), tcpSocket(), tcpSocket()];
  for (const client of clients) sys.connect(client, server);
  const accepted = clients.map(() => sys.accept(server.fd));
  for (const { fd } of accepted) own(fd);
  expect(accepted.map(({ address }) => address)).toEqual(clients.map(sys.getsockname));
});

test('leaves no descriptor behind', () => {
  const server = listener();
  const before = openFds();
  for (let i = 0; i < 100; i++) {
    const client = sys.socket(c.AF_INET, c.SOCK_STREAM);
    sys.connect(client, server);
    sys.close(sys.accept(server.fd).fd);
    sys.close(client);
  }
  expect(openFds()).toEqual(before);
});

test.each<[ErrnoName, () => number]>([
  ['EBADF', () => CLOSED_FD],
  ['ENOTSOCK', fileFd],
  ['EINVAL', tcpSocket],
  ['ENOTSUP', udpSocket],
])('%s', (code, makeFd) => {
  const fd = makeFd();
  expect(codeOf(() => sys.accept(fd))).toBe(code);
  expect(sys.tryAccept(fd)).toBe(errno(code));
});
