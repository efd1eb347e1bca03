import * as sys from 'sockkit/sys';
import { bound, countDescriptors, known, pair } from './helpers/datagrams.js';
import { codeOf, failure, tcpPair } from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

const text = (...buffers: Uint8Array[]): string =>
  buffers.map((buffer) => Buffer.from(buffer).toString('latin1')).join('|');

test('gathers and scatters: lists of buffers, filled one after the other', () => {
  const [a, b] = pair();
  const data = [Buffer.from('one'), new Uint8Array(0), Buffer.from('two'), Buffer.from('three')];
  expect(sys.sendmsg(a, { data })).toBe(11);
  const rooms = [Buffer.alloc(4), Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(4, '.')];
  expect(sys.recvmsg(b, rooms)).toMatchObject({ bytes: 11, address: null, control: [] });
  expect(text(...rooms)).toBe('onet||wothr|ee..');
});

test('lists of mixed views take their own parts alone', () => {
  const [a, b] = pair(c.SOCK_DGRAM);
  const memory = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
  const data = [
    new Uint16Array(memory, 2, 1),
    new DataView(memory, 7),
    Buffer.from(memory, 0, 1),
    memory,
  ];
  expect(sys.sendmsg(a, { data })).toBe(12);
  const room = Buffer.alloc(16);
  sys.recvmsg(b, room);
  expect([...room.subarray(0, 12)]).toEqual([3, 4, 8, 1, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('the same buffer twice', () => {
  const [a, b] = pair();
  const one = Buffer.from('ab');
  expect(sys.sendmsg(a, { data: [one, one] })).toBe(4);
  expect(sys.recvmsg(b, [one, one]).bytes).toBe(4);
  expect(one.toString()).toBe('ab');
});

test('an empty list sends an empty datagram, and receives as one', () => {
  const [a, b] = pair(c.SOCK_DGRAM);
  expect(sys.sendmsg(a, { data: [] })).toBe(0);
  expect(sys.recvmsg(b, []).bytes).toBe(0);
  sys.sendmsg(a, { data: Buffer.from('x') });
  expect(sys.recvmsg(b, []).flags & c.MSG_TRUNC).not.toBe(0);
});

test('1,024 buffers go, and 1,025 or a million are EMSGSIZE', () => {
  const [a, b] = pair();
  const one = Buffer.from('x');
  expect(sys.sendmsg(a, { data: new Array<Buffer>(1024).fill(one) })).toBe(1024);
  expect(sys.recvmsg(b, new Array<Buffer>(1024).fill(one)).bytes).toBe(1024);
  for (const count of [1025, 1_000_000]) {
    const data = new Array<Buffer>(count).fill(one);
    expect(codeOf(() => sys.sendmsg(a, { data }))).toBe('EMSGSIZE');
    expect(codeOf(() => sys.recvmsg(b, data, { flags: c.MSG_DONTWAIT }))).toBe('EMSGSIZE');
  }
});

test('holes and wrong things in a list are named', () => {
  const [a] = pair();

  const holes = [Buffer.from('x'), , Buffer.from('y')] as Buffer[];
  expect(failure(() => sys.sendmsg(a, { data: holes }))).toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
    message: expect.stringContaining('message.data[1]') as unknown,
  });
  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });
  for (const bad of ['x', 1, null, detached, new SharedArrayBuffer(8), {}]) {
    const list = [Buffer.from('x'), bad] as Buffer[];
    expect(failure(() => sys.sendmsg(a, { data: list })).message).toContain('message.data[1]');
    expect(failure(() => sys.recvmsg(a, list)).message).toContain('buffers[1]');
  }
});

test('a datagram to an address, and from one', () => {
  const from = bound();
  const to = bound();
  expect(sys.sendmsg(from.fd, { data: Buffer.from('hi'), address: to })).toBe(2);
  const { address } = sys.recvmsg(to.fd, Buffer.alloc(8));
  expect(address).toEqual({ family: 'IPv4', address: '127.0.0.1', port: from.port });
  // What was received will do as it is; null is none.
  sys.connect(from.fd, to);
  expect(sys.sendmsg(from.fd, { data: Buffer.from('hi'), address: null })).toBe(2);
});

test('MSG_OOB on TCP', () => {
  const [a, b] = tcpPair();
  sys.sendmsg(a, { data: Buffer.from('ab') }, c.MSG_OOB);
  sys.poll([{ fd: b, events: c.POLLPRI }], 10_000);
  const room = Buffer.alloc(4);
  const received = sys.recvmsg(b, room, { flags: c.MSG_OOB });
  expect(received.bytes).toBe(1);
  expect(received.flags & c.MSG_OOB).not.toBe(0);
  expect(room[0]).toBe('b'.charCodeAt(0));
});

test('MSG_WAITALL, MSG_PEEK and MSG_DONTWAIT', () => {
  const [a, b] = pair();
  sys.sendmsg(a, { data: Buffer.from('abc') });
  sys.sendmsg(a, { data: Buffer.from('def') });
  const rooms = [Buffer.alloc(2), Buffer.alloc(4)];
  expect(sys.recvmsg(b, rooms, { flags: c.MSG_PEEK | c.MSG_WAITALL }).bytes).toBe(6);
  expect(sys.recvmsg(b, rooms, { flags: c.MSG_WAITALL }).bytes).toBe(6);
  expect(text(...rooms)).toBe('ab|cdef');
  expect(codeOf(() => sys.recvmsg(b, rooms, { flags: c.MSG_DONTWAIT }))).toBe('EAGAIN');
});

test('a short count on a full stream is no error', () => {
  const [a] = pair(c.SOCK_STREAM | known('SOCK_NONBLOCK'));
  const large = Buffer.alloc(4 * 1024 * 1024);
  const sent = sys.sendmsg(a, { data: [large, large] });
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(large.length * 2);
  expect(codeOf(() => sys.sendmsg(a, { data: large }))).toBe('EAGAIN');
});

test('more than 2 GiB in a buffer and in a list: what there is room for, and no wrap', () => {
  // Never touched, so that it takes no memory.
  const huge = new ArrayBuffer(2 ** 32);
  const [a, b] = pair(c.SOCK_STREAM | known('SOCK_NONBLOCK'));
  for (const data of [huge, new Uint8Array(huge, 1), [huge, huge]]) {
    const sent = sys.sendmsg(a, { data });
    expect(sent).toBeGreaterThan(10_000);
    expect(sent).toBeLessThan(2 ** 31);
    expect(sys.recvmsg(b, [new Uint8Array(huge, 0, 100), huge]).bytes).toBeGreaterThan(100);
    while (sys.tryRecv(b, memory) > 0);
  }
});

const memory = Buffer.alloc(65_536);

// What getters do comes before any buffer is looked at.
test('a getter that detaches the buffer of another part of the message', () => {
  const [a, b] = pair();
  const data = new Uint8Array(16);
  const message = {
    data: [data],
    get control(): sys.ControlInput[] {
      structuredClone(data.buffer, { transfer: [data.buffer] });
      return [];
    },
  };
  expect(codeOf(() => sys.sendmsg(a, message))).toBe('ERR_INVALID_ARG_TYPE');
  const room = new Uint8Array(16);
  const options = {
    get flags(): number {
      structuredClone(room.buffer, { transfer: [room.buffer] });
      return c.MSG_DONTWAIT;
    },
  };
  expect(codeOf(() => sys.recvmsg(b, room, options))).toBe('ERR_INVALID_ARG_TYPE');
});

test('a getter that changes the list while it is read', () => {
  const [a, b] = pair();
  const list: Buffer[] = [Buffer.from('a')];
  Object.defineProperty(list, 1, {
    get() {
      list.length = 1;
      sys.sendmsg(a, { data: Buffer.from('inner') });
      return Buffer.from('b');
    },
    configurable: true,
    enumerable: true,
  });
  expect(sys.sendmsg(a, { data: list })).toBe(2);
  const room = Buffer.alloc(16);
  expect(room.toString('latin1', 0, sys.recvmsg(b, room).bytes)).toBe('innerab');
});

test('a getter whose own calls would use the same memory', () => {
  const from = bound();
  const to = bound();
  const other = bound();
  const message = {
    data: Buffer.from('outer'),
    address: {
      address: '127.0.0.1',
      get port(): number {
        sys.sendmsg(from.fd, { data: Buffer.from('inner'), address: other });
        return to.port;
      },
    },
  };
  expect(sys.sendmsg(from.fd, message)).toBe(5);
  const room = Buffer.alloc(5);
  sys.recvmsg(to.fd, room, { flags: c.MSG_DONTWAIT });
  expect(room.toString()).toBe('outer');
  sys.recvmsg(other.fd, room, { flags: c.MSG_DONTWAIT });
  expect(room.toString()).toBe('inner');
});

test('a length-tracking view of a resizable buffer is as long as it is now', () => {
  const [a, b] = pair();
  type Resizable = ArrayBuffer & { resize(size: number): void };
  const Make = ArrayBuffer as unknown as new (size: number, options: object) => Resizable;
  const memory = new Make(4, { maxByteLength: 64 });
  if (!('resize' in memory)) return;
  const view = new Uint8Array(memory);
  memory.resize(8);
  expect(sys.sendmsg(a, { data: [view, memory] })).toBe(16);
  memory.resize(1);
  expect(sys.recvmsg(b, [view, memory]).bytes).toBe(2);
});
