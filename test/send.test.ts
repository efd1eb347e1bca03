import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  closeNow,
  codeOf,
  errno,
  type ErrnoName,
  failure,
  fileFd,
  fill,
  readAll,
  ready,
  refusingPort,
  tcpPair,
  tcpSocket,
  testWhere,
  udpPair,
  udpSocket,
  unixPair,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

/** Sends and gives what arrived. */
function arrives(data: sys.Data): string {
  const [a, b] = unixPair();
  const sent = sys.send(a, data);
  expect(sent).toBe(data.byteLength);
  sys.shutdown(a, c.SHUT_WR);
  return readAll(b).toString('latin1');
}

test('sends the bytes of every kind of view, and of that view alone', () => {
  const { buffer } = Uint8Array.from(Buffer.from('0123456789abcdef'));
  expect(arrives(buffer)).toBe('0123456789abcdef');
  expect(arrives(new Uint8Array(buffer, 1, 3))).toBe('123');
  expect(arrives(new Uint16Array(buffer, 2, 3))).toBe('234567');
  expect(arrives(new Int32Array(buffer, 4, 1))).toBe('4567');
  expect(arrives(new Float64Array(buffer, 8, 1))).toBe('89abcdef');
  expect(arrives(new BigInt64Array(buffer, 0, 1))).toBe('01234567');
  expect(arrives(new Uint8ClampedArray(buffer, 15))).toBe('f');
  expect(arrives(new DataView(buffer, 3, 4))).toBe('3456');
  expect(arrives(Buffer.from(buffer, 5, 2))).toBe('56');
  // From Buffer's pool, at whatever offset it has there.
  Buffer.from('before');
  expect(arrives(Buffer.from('pooled'))).toBe('pooled');
});

const { Float16Array } = globalThis as { Float16Array?: typeof Uint16Array };
testWhere(Float16Array !== undefined, 'this Node has no Float16Array')(
  'a kind of array that Node-API has no name for is sent whole',
  () => {
    if (Float16Array === undefined) throw new Error('skipped then');
    const { buffer } = Uint8Array.from(Buffer.from('0123456789'));
    expect(arrives(new Float16Array(buffer, 2, 3))).toBe('234567');
  },
);

test('bytes that are not text arrive as they are', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  expect(arrives(bytes)).toBe(bytes.toString('latin1'));
});

test('nothing is a send of 0 bytes', () => {
  const [a, b] = unixPair();
  expect(sys.send(a, new Uint8Array(0))).toBe(0);
  expect(sys.send(a, new ArrayBuffer(0))).toBe(0);
  expect(sys.send(a, new DataView(new ArrayBuffer(4), 4))).toBe(0);
  expect(sys.tryRecv(b, Buffer.alloc(1), c.MSG_DONTWAIT)).toBe(errno('EAGAIN'));
});

test('a resizable ArrayBuffer has the size of the moment', () => {
  const resizable = new (ArrayBuffer as new (size: number, options: object) => ArrayBuffer)(2, {
    maxByteLength: 8,
  }) as ArrayBuffer & { resize(size: number): void };
  const tracking = new Uint8Array(resizable);
  const fixed = new Uint8Array(resizable, 0, 2);
  const [a] = unixPair();
  expect(sys.send(a, tracking)).toBe(2);
  resizable.resize(6);
  expect(sys.send(a, tracking)).toBe(6);
  expect(sys.send(a, resizable)).toBe(6);
  expect(sys.send(a, fixed)).toBe(2);
  resizable.resize(1);
  expect(sys.send(a, tracking)).toBe(1);
  // A fixed view that no longer fits has no bytes.
  expect(sys.send(a, fixed)).toBe(0);
  expect(sys.send(a, new DataView(resizable))).toBe(1);
});

test('small sends from one buffer take its bytes and its length of each moment', () => {
  const [a, b] = unixPair();
  const data = Buffer.from('abc');
  for (const text of ['abc', 'xyz', 'pqr']) {
    data.write(text);
    expect(sys.send(a, data)).toBe(3);
    expect(readAll(b, 3).toString()).toBe(text);
  }
  expect(sys.send(a, data.subarray(1))).toBe(2);
  expect(readAll(b, 2).toString()).toBe('qr');
});

test('the count is short where there is room for a part only', () => {
  const [a, b] = unixPair();
  sys.setNonblocking(a, true);
  sys.setsockopt(a, c.SOL_SOCKET, c.SO_SNDBUF, 16384);
  const data = Buffer.alloc(1_000_000, 'y');
  const sent = sys.send(a, data);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(data.length);
  expect(readAll(b, sent)).toEqual(data.subarray(0, sent));
});

test('EAGAIN where there is no room', () => {
  const [a, b] = tcpPair();
  sys.setNonblocking(a, true);
  expect(fill(a)).toBeGreaterThan(0);
  expect(codeOf(() => sys.send(a, Buffer.from('x')))).toBe('EAGAIN');
  expect(sys.trySend(a, Buffer.from('x'))).toBe(errno('EAGAIN'));
  closeNow(b);
});

test('EPIPE, and no SIGPIPE, where the peer has closed', () => {
  const killed = jest.fn();
  process.on('SIGPIPE', killed);
  try {
    const [a, b] = unixPair();
    closeNow(b);
    const error = failure(() => sys.send(a, Buffer.from('x')));
    expect(error).toMatchObject({ code: 'EPIPE', syscall: 'send', message: 'send EPIPE' });
    expect(sys.trySend(a, Buffer.from('x'))).toBe(errno('EPIPE'));
    expect(killed).not.toHaveBeenCalled();
  } finally {
    process.removeListener('SIGPIPE', killed);
  }
});

test('after a reset: ECONNRESET once, then EPIPE', () => {
  const [a, b] = tcpPair();
  sys.setsockopt(b, c.SOL_SOCKET, c.SO_LINGER, new Int32Array([1, 0]));
  closeNow(b);
  ready(a, c.POLLIN);
  expect(codeOf(() => sys.send(a, Buffer.from('x')))).toBe('ECONNRESET');
  expect(codeOf(() => sys.send(a, Buffer.from('x')))).toBe('EPIPE');
});

test('a datagram goes whole or not at all: EMSGSIZE', () => {
  const [a, b] = udpPair();
  expect(codeOf(() => sys.send(a, Buffer.alloc(70_000)))).toBe('EMSGSIZE');
  expect(sys.send(a, Buffer.alloc(60_000))).toBe(60_000);
  expect(sys.recv(b, Buffer.alloc(70_000))).toBe(60_000);
});

test('a datagram that nobody takes makes a later call fail: ECONNREFUSED', () => {
  const fd = udpSocket();
  sys.connect(fd, { address: '127.0.0.1', port: refusingPort() });
  sys.send(fd, Buffer.from('x'));
  ready(fd, c.POLLERR);
  expect(codeOf(() => sys.send(fd, Buffer.from('y')))).toBe('ECONNREFUSED');
});

test('flags are passed on', () => {
  const [a, b] = tcpPair();
  sys.send(a, Buffer.from('normal'));
  sys.send(a, Buffer.from('!'), c.MSG_OOB);
  ready(b, c.POLLPRI);
  const buffer = Buffer.alloc(8);
  expect(sys.recv(b, buffer, c.MSG_OOB)).toBe(1);
  expect(buffer.toString('latin1', 0, 1)).toBe('!');
});

test.each<[ErrnoName, () => number, number]>([
  ['EBADF', () => CLOSED_FD, 0],
  ['ENOTSOCK', fileFd, 0],
  ['EPIPE', tcpSocket, 0],
  ['EDESTADDRREQ', udpSocket, 0],
  ['ENOTSUP', () => unixPair(c.SOCK_SEQPACKET)[0], c.MSG_OOB],
])('%s', (code, makeFd, flags) => {
  const fd = makeFd();
  expect(codeOf(() => sys.send(fd, Buffer.from('x'), flags))).toBe(code);
  expect(sys.trySend(fd, Buffer.from('x'), flags)).toBe(errno(code));
});

test('more than a call can take is a short count', () => {
  // Untouched memory: the zeros are never read but for what goes.
  const huge = new Uint8Array(2 ** 31 + 5);
  const [a] = unixPair();
  sys.setNonblocking(a, true);
  const sent = sys.send(a, huge);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(2 ** 31);
});
