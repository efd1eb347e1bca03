import * as sys from 'sockkit/sys';
import { bound, controlOf, countDescriptors, known, pair, slot } from './helpers/datagrams.js';
import { codeOf, errno, failure, tcpPair, testIPv6, udpSocket, unixSocket } from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

const bytesOf = ({ buffer, bytes }: sys.MessageSlot): string =>
  Buffer.from(buffer as Uint8Array).toString('latin1', 0, bytes);

function slots(count: number, size?: number): ReturnType<typeof slot>[] {
  return Array.from({ length: count }, () => slot(size));
}

test('several datagrams to an address, and where each came from', () => {
  const [from, other, to] = [bound(), bound(), bound()];
  const messages = ['one', '', 'three'].map((text) => ({ data: Buffer.from(text), address: to }));
  expect(sys.sendmmsg(from.fd, messages)).toBe(3);
  expect(
    sys.sendmmsg(other.fd, [{ data: [Buffer.from('fo'), Buffer.from('ur')], address: to }]),
  ).toBe(1);
  const list = slots(6);
  expect(sys.recvmmsg(to.fd, list, known('MSG_WAITFORONE'))).toBe(4);
  expect(list.map(bytesOf)).toEqual(['one', '', 'three', 'four', '', '']);
  const ports = list.map(({ address }) => (address as sys.IPv4Address | null)?.port);
  expect(ports).toEqual([from.port, from.port, from.port, other.port, undefined, undefined]);
  expect(list[5]).toMatchObject({ bytes: 0, flags: 0, address: null, control: [] });
});

test('each to an address of its own, one of them more than once', () => {
  const from = udpSocket();
  const [a, b] = [bound(), bound()];
  const order = [a, b, b, a, a];
  const messages = order.map((address, index) => ({ data: Buffer.from(String(index)), address }));
  expect(sys.sendmmsg(from, messages)).toBe(5);
  const list = slots(5);
  expect(sys.recvmmsg(a.fd, list, c.MSG_DONTWAIT)).toBe(3);
  expect(list.slice(0, 3).map(bytesOf)).toEqual(['0', '3', '4']);
  expect(sys.recvmmsg(b.fd, list, c.MSG_DONTWAIT)).toBe(2);
  expect(list.slice(0, 2).map(bytesOf)).toEqual(['1', '2']);
});

test('to unix paths and to IP addresses, in one list', () => {
  const to = unixSocket(c.SOCK_DGRAM);
  sys.bind(to, { path: '' });
  const address = sys.getsockname(to);
  const sender = unixSocket(c.SOCK_DGRAM);
  const messages = [
    { data: Buffer.from('a'), address },
    { data: Buffer.from('b'), address: { address: '127.0.0.1', port: 9 } },
  ];
  // The second's error is not reported: the count is short.
  expect(sys.sendmmsg(sender, messages)).toBe(1);
  expect(codeOf(() => sys.sendmmsg(sender, messages.slice(1)))).toBe('EINVAL');
});

test('on a connected socket, and a stream', () => {
  for (const type of [c.SOCK_DGRAM, c.SOCK_SEQPACKET]) {
    const [a, b] = pair(type);
    const list = slots(3);
    expect(sys.sendmmsg(a, [{ data: Buffer.from('x') }, { data: Buffer.from('yz') }])).toBe(2);
    expect(sys.recvmmsg(b, list, c.MSG_DONTWAIT)).toBe(2);
    expect(list.map(bytesOf)).toEqual(['x', 'yz', '']);
    expect(list[0]?.address).toBeNull();
  }
  const [a, b] = pair();
  expect(sys.sendmmsg(a, [{ data: Buffer.from('ab') }, { data: Buffer.from('cd') }])).toBe(2);
  const list = slots(2, 3);
  expect(sys.recvmmsg(b, list, known('MSG_WAITFORONE'))).toBe(2);
  expect(list.map(bytesOf)).toEqual(['abc', 'd']);
});

test('slots are used again, and what is read belongs to the last call', () => {
  const [from, other, to] = [bound(), bound(), bound()];
  const list = slots(2);
  for (let round = 0; round < 3; round++) {
    const sender = round % 2 === 0 ? from : other;
    sys.sendmmsg(sender.fd, [{ data: Buffer.from(`round ${round}`), address: to }]);
    expect(sys.recvmmsg(to.fd, list, known('MSG_WAITFORONE'))).toBe(1);
    const [first] = list;
    if (first === undefined) throw new Error('no slot');
    expect(bytesOf(first)).toBe(`round ${round}`);
    expect(first.address).toMatchObject({ port: sender.port });
    expect(first.address).toBe(first.address);
  }
  expect(list[1]?.address).toBeNull();
});

test('an address and control messages that are read later are still those', () => {
  const [from, to] = [bound(), bound()];
  sys.setsockopt(to.fd, c.IPPROTO_IP, c.IP_RECVTTL, 1);
  const [a, b] = slots(2);
  if (a === undefined || b === undefined) throw new Error('no slots');
  const send = (value: number): number =>
    sys.sendmmsg(from.fd, [
      { data: Buffer.from('x'), address: to, control: [{ type: 'ttl', value }] },
    ]);
  send(11);
  expect(sys.recvmmsg(to.fd, [a])).toBe(1);
  // Another call in between, with other slots, and with the first one in another list.
  send(12);
  expect(sys.recvmmsg(to.fd, [b, a], known('MSG_WAITFORONE'))).toBe(1);
  expect(controlOf(a.control, 'ttl').map(({ value }) => value)).toEqual([11]);
  expect(a.address).toMatchObject({ port: from.port });
  expect(controlOf(b.control, 'ttl').map(({ value }) => value)).toEqual([12]);
});

test('control data for some of the messages', () => {
  const [from, to] = [bound(), bound()];
  sys.setsockopt(to.fd, c.IPPROTO_IP, c.IP_RECVTTL, 1);
  const data = Buffer.from('x');
  const messages: sys.Message[] = [
    { data, address: to },
    { data, address: to, control: [{ type: 'ttl', value: 9 }] },
    { data, address: to, control: [] },
  ];
  sys.setsockopt(from.fd, c.IPPROTO_IP, c.IP_TTL, 50);
  expect(sys.sendmmsg(from.fd, messages)).toBe(3);
  const list = slots(3);
  expect(sys.recvmmsg(to.fd, list)).toBe(3);
  const values = list.flatMap(({ control }) => controlOf(control, 'ttl').map((one) => one.value));
  expect(values).toEqual([50, 9, 50]);
});

test('controlBytes is the room of each slot', () => {
  const [from, to] = [bound(), bound()];
  sys.setsockopt(to.fd, c.IPPROTO_IP, c.IP_RECVTTL, 1);
  const list = [slot(4, { controlBytes: 0 }), slot(4), slot(4, { controlBytes: 19 })];
  sys.sendmmsg(
    from.fd,
    new Array(3).fill({ data: Buffer.from('x'), address: to }) as sys.Message[],
  );
  expect(sys.recvmmsg(to.fd, list)).toBe(3);
  const cut = list.map(({ flags }) => (flags & c.MSG_CTRUNC) !== 0);
  expect(cut).toEqual([true, false, true]);
  expect(list.map(({ control }) => control.length)).toEqual([0, 1, 1]);
  // Another size from one call to the next.
  for (const one of list) one.controlBytes = 64;
  sys.sendmmsg(
    from.fd,
    new Array(3).fill({ data: Buffer.from('x'), address: to }) as sys.Message[],
  );
  expect(sys.recvmmsg(to.fd, list)).toBe(3);
  expect(list.map(({ control }) => control.length)).toEqual([1, 1, 1]);
});

test('the buffer of a slot may be another one at each call, and is never written beyond', () => {
  const [from, to] = [bound(), bound()];
  const one = slot(4);
  const whole = Buffer.alloc(12, '.');
  for (const [buffer, shown] of [
    [whole.subarray(4, 8), '....long....'],
    [whole.subarray(6, 7), '....lolg....'],
  ] as const) {
    one.buffer = buffer;
    sys.sendmmsg(from.fd, [{ data: Buffer.from('longer'), address: to }]);
    expect(sys.recvmmsg(to.fd, [one])).toBe(1);
    expect(one.bytes).toBe(buffer.length);
    expect(one.flags & c.MSG_TRUNC).not.toBe(0);
    expect(whole.toString()).toBe(shown);
  }
});

test('at most 1,024 messages and slots, of longer lists the first', () => {
  const [a, b] = tcpPair();
  const data = Buffer.from('x');
  const messages = new Array<sys.Message>(1100).fill({ data });
  expect(sys.sendmmsg(a, messages)).toBe(1024);
  const list = slots(1100, 1);
  expect(sys.recvmmsg(b, list, known('MSG_WAITFORONE'))).toBe(1024);
  expect(list[1023]?.bytes).toBe(1);
  expect(list[1024]?.bytes).toBe(0);
});

test('no messages and no slots', () => {
  const [a] = pair(c.SOCK_DGRAM);
  expect(sys.sendmmsg(a, [])).toBe(0);
  expect(sys.recvmmsg(a, [])).toBe(0);
});

test('1,025 buffers in the first message are EMSGSIZE, in a later one a short count', () => {
  const [a] = pair();
  const data = Buffer.from('x');
  const many = { data: new Array<Buffer>(1025).fill(data) };
  expect(codeOf(() => sys.sendmmsg(a, [many]))).toBe('EMSGSIZE');
  expect(sys.sendmmsg(a, [{ data }, many])).toBe(1);
});

test('an error of the first message is thrown, with its address', () => {
  const address = { address: '127.0.0.1', port: 9 };
  const error = failure(() => sys.sendmmsg(udpSocket(), [{ data: Buffer.alloc(70_000), address }]));
  expect(error).toMatchObject({
    message: 'sendmmsg EMSGSIZE 127.0.0.1:9',
    errno: errno('EMSGSIZE'),
    syscall: 'sendmmsg',
  });
});

test('an address that is none is told before anything is sent', () => {
  const [from, to] = [bound(), bound()];
  const data = Buffer.from('x');
  const messages = [
    { data, address: to },
    { data, address: { address: '127.1', port: 9 } },
  ];
  expect(failure(() => sys.sendmmsg(from.fd, messages))).toMatchObject({
    code: 'ERR_INVALID_IP_ADDRESS',
    message: expect.stringContaining("'127.1'") as unknown,
  });
  expect(codeOf(() => sys.recvmmsg(to.fd, slots(1), c.MSG_DONTWAIT))).toBe('EAGAIN');
});

testIPv6('a zone that names no interface is ENODEV, with its address', () => {
  const data = Buffer.from('x');
  const messages = [{ data, address: { address: 'fe80::1%nosuch', port: 9 } }];
  expect(failure(() => sys.sendmmsg(bound('::1').fd, messages))).toMatchObject({ code: 'ENODEV' });
});

test('wrong things are named', () => {
  const [a] = pair(c.SOCK_DGRAM);
  const data = Buffer.from('x');
  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });
  const named = (action: () => unknown): string =>
    /"([^"]*)"/.exec(failure(action).message)?.[1] ?? '';
  const send = (...list: unknown[]) => named(() => sys.sendmmsg(a, list as sys.Message[]));
  expect(send({ data }, null)).toBe('messages[1]');
  expect(send({ data }, { data: detached })).toBe('messages[1].data');
  expect(send({ data }, { data: [data, 'x'] })).toBe('messages[1].data[1]');
  expect(send({ data, control: [{ type: 'rights', fds: [1.5] }] })).toBe(
    'messages[0].control[0].fds[0]',
  );
  const receive = (...list: unknown[]) => named(() => sys.recvmmsg(a, list as sys.MessageSlot[]));
  expect(receive(slot(), undefined)).toBe('slots[1]');
  expect(receive(slot(), { ...slot(), buffer: detached })).toBe('slots[1].buffer');
  expect(receive({ ...slot(), controlBytes: -1 })).toBe('slots[0].controlBytes');
  expect(receive(Object.freeze(slot()))).toBe('slots[0]');
  const one = slot();
  expect(receive(one, one)).toBe('slots[1]');
});

test('a getter that sends on its own does not disturb the call that reads it', () => {
  const [from, to, other] = [bound(), bound(), bound()];
  const message = {
    get data(): Buffer {
      sys.sendmmsg(from.fd, [
        { data: Buffer.from('in'), address: other },
        { data: Buffer.from('ner'), address: other },
      ]);
      return Buffer.from('outer');
    },
    address: to,
  };
  expect(sys.sendmmsg(from.fd, [message, message])).toBe(2);
  const list = slots(8);
  expect(sys.recvmmsg(to.fd, list, c.MSG_DONTWAIT)).toBe(2);
  expect(list.slice(0, 2).map(bytesOf)).toEqual(['outer', 'outer']);
  expect(sys.recvmmsg(other.fd, list, c.MSG_DONTWAIT)).toBe(4);
});

test('a slot whose getter receives into the same list', () => {
  const [from, to] = [bound(), bound()];
  for (let count = 0; count < 3; count++) sys.sendto(from.fd, Buffer.from('x'), to);
  const list: sys.MessageSlot[] = slots(2);
  let depth = 0;
  const [, second] = list;
  if (second === undefined) throw new Error('no slot');
  const { buffer } = second;
  Object.defineProperty(second, 'buffer', {
    get() {
      if (depth++ === 0) sys.recvmmsg(to.fd, list, known('MSG_WAITFORONE'));
      return buffer;
    },
  });
  expect(sys.recvmmsg(to.fd, list, c.MSG_DONTWAIT)).toBe(1);
});
