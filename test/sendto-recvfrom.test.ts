import { join } from 'node:path';
import * as sys from 'sockkit/sys';
import { bound, countDescriptors, loopbacks, pair } from './helpers/datagrams.js';
import {
  CLOSED_FD,
  closeNow,
  codeOf,
  errno,
  failure,
  own,
  ready,
  refusingPort,
  socket,
  tcpPair,
  tempDir,
  testWhere,
  udpSocket,
  unixSocket,
} from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

test.each(loopbacks)('a datagram and where it came from: $address', ({ address, family }) => {
  const from = bound(address);
  const to = bound(address);
  const buffer = Buffer.alloc(16);
  expect(sys.sendto(from.fd, Buffer.from('hello'), to)).toBe(5);
  const received = sys.recvfrom(to.fd, buffer);
  expect(received.bytes).toBe(5);
  expect(received.address).toMatchObject({ family, address, port: from.port });
  expect(buffer.toString('latin1', 0, 5)).toBe('hello');
  // The address that came is one that goes.
  if (received.address === null) throw new Error('no address');
  expect(sys.sendto(to.fd, Buffer.from('back'), received.address)).toBe(4);
  expect(sys.recvfrom(from.fd, buffer).address).toMatchObject({ port: to.port });
});

test('only the view of a larger buffer is sent, and only the view is filled', () => {
  const from = bound();
  const to = bound();
  const whole = Buffer.from('0123456789');
  sys.sendto(from.fd, whole.subarray(2, 5), to);
  const room = Buffer.alloc(10, '.');
  expect(sys.recvfrom(to.fd, room.subarray(4, 6)).bytes).toBe(2);
  expect(room.toString()).toBe('....23....');
});

test('every kind of view, and an ArrayBuffer', () => {
  const from = bound();
  const to = bound();
  const { buffer } = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
  const views = [
    new DataView(buffer, 1, 3),
    new Uint16Array(buffer, 2, 2),
    new Float64Array(buffer),
    buffer,
    new Uint8Array(0),
  ];
  for (const view of views) {
    expect(sys.sendto(from.fd, view, to)).toBe(view.byteLength);
    const room = new DataView(new ArrayBuffer(16), 8);
    expect(sys.recvfrom(to.fd, room).bytes).toBe(view.byteLength);
  }
});

test('an empty datagram is one', () => {
  const from = bound();
  const to = bound();
  expect(sys.sendto(from.fd, Buffer.alloc(0), to)).toBe(0);
  expect(sys.recvfrom(to.fd, Buffer.alloc(4))).toMatchObject({
    bytes: 0,
    address: { port: from.port },
  });
});

test('receiving 0 bytes takes the datagram', () => {
  const from = bound();
  const to = bound();
  sys.sendto(from.fd, Buffer.from('gone'), to);
  expect(sys.recvfrom(to.fd, Buffer.alloc(0)).bytes).toBe(0);
  expect(codeOf(() => sys.recvfrom(to.fd, Buffer.alloc(4), c.MSG_DONTWAIT))).toBe('EAGAIN');
});

test('MSG_PEEK leaves it there', () => {
  const from = bound();
  const to = bound();
  sys.sendto(from.fd, Buffer.from('abc'), to);
  expect(sys.recvfrom(to.fd, Buffer.alloc(4), c.MSG_PEEK).bytes).toBe(3);
  expect(sys.recvfrom(to.fd, Buffer.alloc(4)).bytes).toBe(3);
});

test('there is no address on a stream, connected by TCP or unix', () => {
  for (const [a, b] of [tcpPair(), pair()]) {
    sys.send(a, Buffer.from('x'));
    expect(sys.recvfrom(b, Buffer.alloc(4))).toEqual({ bytes: 1, address: null });
  }
});

test('unix: bound senders have a name, others none', () => {
  const directory = tempDir();
  const path = join(directory, 'to');
  const to = unixSocket(c.SOCK_DGRAM);
  sys.bind(to, { path });
  const from = unixSocket(c.SOCK_DGRAM);
  const buffer = Buffer.alloc(8);
  sys.sendto(from, Buffer.from('a'), { path });
  expect(sys.recvfrom(to, buffer).address).toBeNull();
  sys.bind(from, { path: join(directory, 'from') });
  sys.sendto(from, Buffer.from('a'), { path });
  expect(sys.recvfrom(to, buffer).address).toEqual({
    family: 'unix',
    path: join(directory, 'from'),
  });
});

test('unix: an abstract name with NULs in it comes as it is', () => {
  const to = unixSocket(c.SOCK_DGRAM);
  sys.bind(to, { path: '' });
  const from = unixSocket(c.SOCK_DGRAM);
  const path = `\0sockkit-${process.pid}\0inner\0`;
  sys.bind(from, { path });
  sys.sendto(from, Buffer.from('a'), sys.getsockname(to));
  expect(sys.recvfrom(to, Buffer.alloc(8)).address).toEqual({ family: 'unix', path });
});

test('a refused datagram is told by a later call', () => {
  const { fd } = bound();
  const where = { address: '127.0.0.1', port: refusingPort() };
  sys.connect(fd, where);
  sys.send(fd, Buffer.from('x'));
  ready(fd, c.POLLIN);
  expect(codeOf(() => sys.recvfrom(fd, Buffer.alloc(1)))).toBe('ECONNREFUSED');
  expect(codeOf(() => sys.recvfrom(fd, Buffer.alloc(1), c.MSG_DONTWAIT))).toBe('EAGAIN');
});

test('the error has the address', () => {
  const error = failure(() =>
    sys.sendto(udpSocket(), Buffer.alloc(70_000), { address: '127.0.0.1', port: 9 }),
  );
  expect(error).toMatchObject({
    name: 'SocketError',
    message: 'sendto EMSGSIZE 127.0.0.1:9',
    errno: errno('EMSGSIZE'),
    syscall: 'sendto',
    address: '127.0.0.1',
    port: 9,
  });
});

test('documented errors', () => {
  const where = { address: '127.0.0.1', port: 9 };
  const x = Buffer.from('x');
  expect(codeOf(() => sys.sendto(CLOSED_FD, x, where))).toBe('EBADF');
  expect(codeOf(() => sys.recvfrom(CLOSED_FD, x))).toBe('EBADF');
  expect(codeOf(() => sys.sendto(udpSocket(), x, { path: '/a-longer-path' }))).toBe('EAFNOSUPPORT');
  expect(codeOf(() => sys.sendto(udpSocket(), x, { address: '255.255.255.255', port: 9 }))).toBe(
    'EACCES',
  );
  const unix = unixSocket(c.SOCK_DGRAM);
  expect(codeOf(() => sys.sendto(unix, x, { path: join(tempDir(), 'none') }))).toBe('ENOENT');
  expect(codeOf(() => sys.sendto(pair()[0], x, { path: '/x' }))).toBe('EISCONN');
  expect(codeOf(() => sys.recvfrom(socket(c.AF_INET, c.SOCK_STREAM), x))).toBe('ENOTCONN');
  expect(codeOf(() => sys.sendto(unix, x, { path: 'p'.repeat(109) }))).toBe('ENAMETOOLONG');
});

test('EPIPE and no signal, where the peer of a stream has closed', () => {
  const [a, b] = pair();
  closeNow(b);
  expect(codeOf(() => sys.sendmsg(a, { data: Buffer.from('x') }))).toBe('EPIPE');
});

test('shutdown() ends a datagram socket for the reader', () => {
  const [a] = pair(c.SOCK_DGRAM);
  sys.shutdown(a, c.SHUT_RD);
  expect(sys.recvfrom(a, Buffer.alloc(1)).bytes).toBe(0);
});

testWhere(process.getuid?.() === 0, 'raw sockets need root')(
  'raw: a protocol of its own comes with its IP header',
  () => {
    const fd = own(sys.socket(c.AF_INET, c.SOCK_RAW, 253));
    sys.sendto(fd, Buffer.from('raw'), { address: '127.0.0.1', port: 0 });
    const buffer = Buffer.alloc(64);
    const { bytes, address } = sys.recvfrom(fd, buffer);
    expect(bytes).toBe(23);
    expect(buffer[9]).toBe(253);
    expect(buffer.toString('latin1', 20, bytes)).toBe('raw');
    expect(address).toMatchObject({ family: 'IPv4', address: '127.0.0.1' });
  },
);
