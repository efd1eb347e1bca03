import { join } from 'node:path';
import * as sys from 'sockkit/sys';
import { countDescriptors, known, pair } from './helpers/datagrams.js';
import { closeNow, codeOf, own, tempDir, unixPair } from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

const seqpacketPair = (): [number, number] => pair(c.SOCK_SEQPACKET);

test('records keep their bounds, and their order', () => {
  const [a, b] = seqpacketPair();
  for (const text of ['one', 'two two', '3']) sys.send(a, Buffer.from(text));
  const buffer = Buffer.alloc(64);
  const read = (): string => buffer.toString('latin1', 0, sys.recv(b, buffer));
  expect([read(), read(), read()]).toEqual(['one', 'two two', '3']);
});

test('a record that is longer than the buffer loses its rest, and MSG_TRUNC tells', () => {
  const [a, b] = seqpacketPair();
  sys.send(a, Buffer.from('too long'));
  sys.send(a, Buffer.from('next'));
  const received = sys.recvmsg(b, Buffer.alloc(3));
  expect(received.bytes).toBe(3);
  expect(received.flags & c.MSG_TRUNC).not.toBe(0);
  expect(sys.recv(b, Buffer.alloc(16))).toBe(4);
});

test('MSG_WAITALL does not join records', () => {
  const [a, b] = seqpacketPair();
  sys.send(a, Buffer.from('ab'));
  sys.send(a, Buffer.from('cd'));
  expect(sys.recv(b, Buffer.alloc(16), c.MSG_WAITALL)).toBe(2);
});

test('an empty record and the end both read as 0', () => {
  const [a, b] = seqpacketPair();
  sys.send(a, Buffer.alloc(0));
  sys.send(a, Buffer.from('x'));
  expect(sys.recv(b, Buffer.alloc(4))).toBe(0);
  expect(sys.recv(b, Buffer.alloc(4))).toBe(1);
  closeNow(a);
  expect(sys.recv(b, Buffer.alloc(4))).toBe(0);
  expect(codeOf(() => sys.send(b, Buffer.from('x')))).toBe('EPIPE');
});

test('shutdown() ends one side', () => {
  const [a, b] = seqpacketPair();
  sys.shutdown(a, c.SHUT_WR);
  expect(sys.recv(b, Buffer.alloc(4))).toBe(0);
  expect(codeOf(() => sys.send(a, Buffer.from('x')))).toBe('EPIPE');
  sys.send(b, Buffer.from('still'));
  expect(sys.recv(a, Buffer.alloc(8))).toBe(5);
});

test('connected over a path: bind, listen, accept, connect', () => {
  const path = join(tempDir(), 'socket');
  const listener = own(sys.socket(c.AF_UNIX, c.SOCK_SEQPACKET));
  sys.bind(listener, { path });
  sys.listen(listener);
  const client = own(sys.socket(c.AF_UNIX, c.SOCK_SEQPACKET));
  sys.connect(client, { path });
  const server = own(sys.accept(listener).fd);
  sys.send(client, Buffer.from('hello'));
  sys.send(client, Buffer.from('again'));
  const buffer = Buffer.alloc(64);
  expect(sys.recvmsg(server, buffer)).toMatchObject({ bytes: 5, control: [] });
  expect(sys.getpeername(client)).toEqual({ family: 'unix', path });
  const stream = own(sys.socket(c.AF_UNIX, c.SOCK_STREAM));
  expect(
    codeOf(() => {
      sys.connect(stream, { path });
    }),
  ).toBe('EPROTOTYPE');
});

test('lists of buffers are one record; descriptors go with one', () => {
  const [a, b] = unixPair(c.SOCK_SEQPACKET);
  const data = [Buffer.from('a'), Buffer.from('bc'), Buffer.from('d')];
  sys.sendmsg(a, { data, control: [{ type: 'rights', fds: [a] }] });
  sys.sendmsg(a, { data });
  const rooms = [Buffer.alloc(3), Buffer.alloc(8)];
  const { bytes, control } = sys.recvmsg(b, rooms);
  expect(bytes).toBe(4);
  for (const item of control) if (item.type === 'rights') item.fds.forEach(own);
  expect(control.map(({ type }) => type)).toEqual(['rights']);
  expect(sys.recvmsg(b, rooms).bytes).toBe(4);
});

test('a record that is too long for the send buffer is EMSGSIZE; no room is EAGAIN', () => {
  const [a] = pair(c.SOCK_SEQPACKET | known('SOCK_NONBLOCK'));
  expect(codeOf(() => sys.send(a, Buffer.alloc(64 * 1024 * 1024)))).toBe('EMSGSIZE');
  const chunk = Buffer.alloc(10_000);
  expect(
    codeOf(() => {
      for (;;) sys.send(a, chunk);
    }),
  ).toBe('EAGAIN');
});
