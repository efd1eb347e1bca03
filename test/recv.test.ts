import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  closeNow,
  codeOf,
  errno,
  type ErrnoName,
  fileFd,
  ready,
  refusingPort,
  tcpPair,
  tcpSocket,
  udpPair,
  udpSocket,
  unixPair,
  unixSocket,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('fills the view and nothing beside it', () => {
  const [a, b] = unixPair();
  const memory = new Uint8Array(12).fill(0x2e);
  sys.send(a, Buffer.from('abcdefgh'));
  expect(sys.recv(b, new Uint8Array(memory.buffer, 2, 3))).toBe(3);
  expect(sys.recv(b, new DataView(memory.buffer, 6, 2))).toBe(2);
  expect(sys.recv(b, new Uint16Array(memory.buffer, 10, 1))).toBe(2);
  expect(Buffer.from(memory).toString()).toBe('..abc.de..fg');
  expect(sys.recv(b, memory.buffer)).toBe(1);
  expect(memory[0]).toBe(0x68);
});

test('a pooled Buffer is filled at its own offset', () => {
  const [a, b] = unixPair();
  const neighbour = Buffer.from('neighbour');
  const buffer = Buffer.from('....');
  sys.send(a, Buffer.from('wxyz!'));
  expect(sys.recv(b, buffer)).toBe(4);
  expect(buffer.toString()).toBe('wxyz');
  expect(neighbour.toString()).toBe('neighbour');
});

test('gives as many bytes as are there', () => {
  const [a, b] = unixPair();
  const buffer = Buffer.alloc(100, '.');
  sys.send(a, Buffer.from('abc'));
  expect(sys.recv(b, buffer)).toBe(3);
  expect(buffer.toString('latin1', 0, 5)).toBe('abc..');
});

test('into one small buffer again and again', () => {
  const [a, b] = unixPair();
  const buffer = Buffer.alloc(4, '.');
  for (const text of ['abcd', 'ef', 'g', 'hijk']) {
    const before = buffer.toString();
    sys.send(a, Buffer.from(text));
    expect(sys.recv(b, buffer)).toBe(text.length);
    expect(buffer.toString()).toBe(text + before.slice(text.length));
  }
  sys.shutdown(a, c.SHUT_WR);
  expect(sys.recv(b, buffer)).toBe(0);
  expect(buffer.toString()).toBe('hijk');
});

test('a short form that fails leaves the buffer alone', () => {
  const [a, b] = unixPair();
  const buffer = Buffer.alloc(3);
  sys.send(a, Buffer.from('abc'));
  sys.recv(b, buffer);
  sys.setNonblocking(b, true);
  expect(sys.tryRecv(b, buffer)).toBe(errno('EAGAIN'));
  expect(codeOf(() => sys.recv(b, buffer))).toBe('EAGAIN');
  expect(buffer.toString()).toBe('abc');
});

test('0 is the end of the stream, and the other direction still works', () => {
  const [a, b] = tcpPair();
  sys.send(a, Buffer.from('last'));
  sys.shutdown(a, c.SHUT_WR);
  const buffer = Buffer.alloc(16);
  expect(sys.recv(b, buffer)).toBe(4);
  expect(sys.recv(b, buffer)).toBe(0);
  expect(sys.recv(b, buffer)).toBe(0);
  sys.send(b, Buffer.from('answer'));
  expect(sys.recv(a, buffer)).toBe(6);
});

test('MSG_PEEK leaves the bytes', () => {
  const [a, b] = unixPair();
  const buffer = Buffer.alloc(4);
  sys.send(a, Buffer.from('abcd'));
  expect(sys.recv(b, buffer, c.MSG_PEEK)).toBe(4);
  buffer.fill(0);
  expect(sys.recv(b, buffer)).toBe(4);
  expect(buffer.toString()).toBe('abcd');
});

test('MSG_WAITALL waits for the whole buffer', () => {
  const [a, b] = tcpPair();
  sys.send(a, Buffer.from('ab'));
  sys.send(a, Buffer.from('cd'));
  const buffer = Buffer.alloc(4);
  expect(sys.recv(b, buffer, c.MSG_WAITALL)).toBe(4);
  expect(buffer.toString()).toBe('abcd');
});

test('a datagram loses what does not fit', () => {
  const [a, b] = udpPair();
  sys.send(a, Buffer.from('abcdef'));
  sys.send(a, Buffer.from('gh'));
  const buffer = Buffer.alloc(3);
  expect(sys.recv(b, buffer)).toBe(3);
  expect(sys.recv(b, buffer)).toBe(2);
  expect(buffer.toString()).toBe('ghc');
});

test('MSG_TRUNC gives a datagram’s real length, and writes no more than fits', () => {
  const [a, b] = udpPair();
  const memory = Buffer.alloc(64, '.');
  const buffer = memory.subarray(8, 12);
  for (const flags of [c.MSG_TRUNC | c.MSG_PEEK, c.MSG_TRUNC]) {
    if (flags !== c.MSG_TRUNC) sys.send(a, Buffer.alloc(2000, 'x'));
    expect(sys.recv(b, buffer, flags)).toBe(2000);
    expect(memory.toString()).toBe('........xxxx'.padEnd(64, '.'));
  }
});

test('MSG_TRUNC on a TCP socket counts and writes nothing', () => {
  const [a, b] = tcpPair();
  const buffer = Buffer.alloc(4, '.');
  sys.send(a, Buffer.from('abcd'));
  sys.recv(b, buffer); // The buffer is a known one now.
  buffer.fill('.');
  sys.send(a, Buffer.from('efgh'));
  expect(sys.recv(b, buffer, c.MSG_TRUNC)).toBe(4);
  expect(buffer.toString()).toBe('....');
});

test('an empty datagram is 0 bytes', () => {
  const [a, b] = udpPair();
  expect(sys.send(a, Buffer.alloc(0))).toBe(0);
  expect(sys.recv(b, Buffer.alloc(4))).toBe(0);
  expect(sys.tryRecv(b, Buffer.alloc(4), c.MSG_DONTWAIT)).toBe(errno('EAGAIN'));
});

test('no room eats a datagram', () => {
  const [a, b] = udpPair();
  sys.send(a, Buffer.from('eaten'));
  expect(sys.recv(b, Buffer.alloc(0))).toBe(0);
  expect(sys.tryRecv(b, Buffer.alloc(8), c.MSG_DONTWAIT)).toBe(errno('EAGAIN'));
});

test('MSG_DONTWAIT says EAGAIN on a blocking socket', () => {
  const [, b] = unixPair();
  expect(codeOf(() => sys.recv(b, Buffer.alloc(1), c.MSG_DONTWAIT))).toBe('EAGAIN');
});

test('SO_RCVTIMEO ends the wait with EAGAIN', () => {
  const [, b] = unixPair();
  sys.setsockopt(b, c.SOL_SOCKET, c.SO_RCVTIMEO, new BigInt64Array([0n, 20_000n]));
  expect(codeOf(() => sys.recv(b, Buffer.alloc(1)))).toBe('EAGAIN');
});

test('after a reset: ECONNRESET once, then 0', () => {
  const [a, b] = tcpPair();
  sys.setsockopt(b, c.SOL_SOCKET, c.SO_LINGER, new Int32Array([1, 0]));
  closeNow(b);
  ready(a, c.POLLIN);
  expect(codeOf(() => sys.recv(a, Buffer.alloc(1)))).toBe('ECONNRESET');
  expect(sys.recv(a, Buffer.alloc(1))).toBe(0);
});

test('ECONNREFUSED of an earlier datagram', () => {
  const fd = udpSocket();
  sys.connect(fd, { address: '127.0.0.1', port: refusingPort() });
  sys.send(fd, Buffer.from('x'));
  ready(fd, c.POLLERR);
  expect(codeOf(() => sys.recv(fd, Buffer.alloc(1)))).toBe('ECONNREFUSED');
});

test.each<[ErrnoName, () => number]>([
  ['EBADF', () => CLOSED_FD],
  ['ENOTSOCK', fileFd],
  ['ENOTCONN', tcpSocket],
  // On an unconnected unix stream it is another than on TCP.
  ['EINVAL', () => unixSocket()],
])('%s', (code, makeFd) => {
  const fd = makeFd();
  expect(codeOf(() => sys.recv(fd, Buffer.alloc(8)))).toBe(code);
  expect(sys.tryRecv(fd, Buffer.alloc(8))).toBe(errno(code));
});

test.each([2 ** 31 - 1, 2 ** 31, 3 * 2 ** 30])('into a buffer of %i bytes', (size) => {
  const [a, b] = unixPair();
  // Untouched memory, but for what arrives.
  const huge = new Uint8Array(size);
  sys.send(a, Buffer.from('tiny'));
  expect(sys.recv(b, huge)).toBe(4);
  expect(Buffer.from(huge.buffer, 0, 5).toString('latin1')).toBe('tiny\0');
});
