import * as fs from 'node:fs';
import { constants as c, Socket } from 'sockkit';
import * as sys from 'sockkit/sys';
import { codeOf, failure, openFds } from './helpers/net.js';
import { closeSockets, make, own } from './helpers/sockets.js';
import { startThread, stopThreads } from './helpers/workers.js';

afterEach(async () => {
  await stopThreads();
  closeSockets();
});

const LOOPBACK = { address: '127.0.0.1', port: 0 };

function bound(): Socket {
  const socket = make('udp4');
  socket.bind(LOOPBACK);
  return socket;
}

function pair(type: number): [Socket, Socket] {
  const [one, other] = Socket.pair(c.AF_UNIX, type);
  return [own(one), own(other)];
}

test('sendTo() and recvFrom() carry datagrams and their addresses', () => {
  const [one, other] = [bound(), bound()];
  const { address, port } = other.localAddress as { address: string; port: number };
  expect(one.sendTo(Buffer.from('a datagram'), { address, port })).toBe(10);
  const got = other.recvFrom(100);
  expect(got).toEqual({ data: Buffer.from('a datagram'), address: one.localAddress });
  other.sendTo(Buffer.alloc(0), one.localAddress);
  expect(one.recvFrom(100)).toEqual({ data: Buffer.alloc(0), address: other.localAddress });
});

test('recvFrom() waits for a datagram', () => {
  const socket = bound();
  const { port } = socket.localAddress as { port: number };
  startThread(
    `const socket = new Socket(c.AF_INET, c.SOCK_DGRAM);
     sys.poll([], 30);
     socket.sendTo(Buffer.from('late'), { address: '127.0.0.1', port: data });
     socket.close();`,
    port,
  );
  expect(socket.recvFrom(100).data.toString()).toBe('late');
});

test('what would wait is ETIMEDOUT or EAGAIN', () => {
  const socket = bound();
  socket.setTimeout(20);
  expect(failure(() => socket.recvFrom(1)).message).toBe('recvfrom ETIMEDOUT');
  expect(failure(() => socket.recvMsg(1)).message).toBe('recvmsg ETIMEDOUT');
  socket.nonblocking = true;
  expect(codeOf(() => socket.recvFrom(1))).toBe('EAGAIN');
  expect(codeOf(() => socket.recvMsg(1))).toBe('EAGAIN');
});

test('sendTo() waits while a unix addressee is full, where poll() calls the socket writable', () => {
  const receiver = make('unixDgram');
  receiver.bind({ path: '' });
  const sender = make('unixDgram');
  sender.setTimeout(60);
  const to = receiver.localAddress as { path: string };
  let sent = 0;
  const error = failure(() => {
    for (;;) sent += sender.sendTo(Buffer.from('x'), to);
  });
  expect(error.code).toBe('ETIMEDOUT');
  expect(sent).toBeGreaterThan(0);
});

test('an error of sendTo() names the address', () => {
  expect(
    failure(() => make('unixDgram').sendTo(Buffer.from('x'), { path: '/nowhere' })).message,
  ).toBe('sendto ENOENT /nowhere');
});

test('a pair is connected, of each type', () => {
  for (const type of [c.SOCK_STREAM, c.SOCK_DGRAM, c.SOCK_SEQPACKET]) {
    const [one, other] = pair(type);
    one.send(Buffer.from('one'));
    one.send(Buffer.from('two'));
    const first = type === c.SOCK_STREAM ? 'onetwo' : 'one';
    expect(other.recv(100).toString()).toBe(first);
    expect(other.getOption('type')).toBe(type);
  }
  expect(codeOf(() => Socket.pair(c.AF_INET, c.SOCK_STREAM))).toBe('ENOTSUP');
});

test('a descriptor is passed, and opens the same file', () => {
  const [one, other] = pair(c.SOCK_STREAM);
  const before = openFds().length;
  const file = fs.openSync(__filename, 'r');
  expect(one.sendMsg({ data: Buffer.from('!'), control: [{ type: 'rights', fds: [file] }] })).toBe(
    1,
  );
  const { data, control } = other.recvMsg(10);
  expect(data.toString()).toBe('!');
  const [rights] = control;
  if (rights?.type !== 'rights') throw new Error('no descriptor came');
  const [copy = -1] = rights.fds;
  expect(fs.fstatSync(copy).ino).toBe(fs.fstatSync(file).ino);
  for (const fd of [file, copy]) fs.closeSync(fd);
  expect(openFds().length).toBe(before);
});

test('options and control messages go together', () => {
  const [one, other] = [bound(), bound()];
  other.setOption('ipPktInfo', true);
  other.setOption('ipRecvTtl', true);
  one.setOption('ipTtl', 33);
  const address = other.localAddress as { address: string; port: number };
  one.sendMsg({ data: [Buffer.from('in '), Buffer.from('parts')], address });
  const got = other.recvMsg(4);
  expect(got.data.toString()).toBe('in p');
  expect(got.flags & c.MSG_TRUNC).toBe(c.MSG_TRUNC);
  expect(got.address).toEqual(one.localAddress);
  expect(got.control).toContainEqual(expect.objectContaining({ type: 'ttl', value: 33 }));
  expect(got.control).toContainEqual(
    expect.objectContaining({ type: 'pktinfo', address: '127.0.0.1', ifindex: 1 }),
  );
});

test('the error queue is read at once, and tells who refused', () => {
  const socket = bound();
  socket.setOption('ipRecvErr', true);
  expect(codeOf(() => socket.recvMsg(10, { flags: c.MSG_ERRQUEUE ?? 0 }))).toBe('EAGAIN');
  const gone = bound();
  const address = gone.localAddress as { address: string; port: number };
  gone.close();
  socket.sendTo(Buffer.from('probe'), address);
  sys.poll([{ fd: socket.fd, events: 0 }], 5000);
  const got = socket.recvMsg(10, { flags: c.MSG_ERRQUEUE ?? 0 });
  expect(got.data.toString()).toBe('probe');
  expect(got.control).toContainEqual(
    expect.objectContaining({ type: 'recverr', code: 'ECONNREFUSED', origin: 'icmp' }),
  );
});

test('recvMsg() and recvFrom() with MSG_TRUNC give no more than there is room for', () => {
  const [one, other] = [bound(), bound()];
  const address = other.localAddress as { address: string; port: number };
  for (const receive of [
    () => other.recvFrom(3, c.MSG_TRUNC).data,
    () => other.recvMsg(3, { flags: c.MSG_TRUNC }).data,
  ]) {
    one.sendTo(Buffer.from('a datagram'), address);
    expect(receive().toString()).toBe('a d');
  }
});
