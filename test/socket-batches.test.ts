// sendMmsg() and recvMmsg() of both kinds of sockets, and what waiting costs.
import util from 'node:util';
import { constants as c, type MessageSlot, type Socket as BlockingSocket } from 'sockkit';
import type { Socket } from 'sockkit/promises';
import * as asyncSockets from './helpers/async-sockets.js';
import { slot } from './helpers/datagrams.js';
import { waitByPoll } from './helpers/inside.js';
import { codeOf, failure } from './helpers/net.js';
import * as sockets from './helpers/sockets.js';
import { startThread, stopThreads } from './helpers/workers.js';

const { rejection, turns } = asyncSockets;

afterEach(async () => {
  jest.restoreAllMocks();
  await stopThreads();
  sockets.closeSockets();
  asyncSockets.closeAsync();
});

const LOOPBACK = { address: '127.0.0.1', port: 0 };
const WORDS = ['one', 'two', '', 'four'];

function bound<S extends Socket | BlockingSocket>(socket: S): S {
  socket.bind(LOOPBACK);
  return socket;
}

const slots = (count: number) => Array.from({ length: count }, () => slot(100));

function textOf({ buffer, bytes }: MessageSlot): string {
  return (buffer as Buffer).toString('latin1', 0, bytes);
}

function messagesTo(socket: Socket | BlockingSocket): { data: Buffer; address: never }[] {
  const address = socket.localAddress as never;
  return WORDS.map((word) => ({ data: Buffer.from(word), address }));
}

test('of a blocking socket: all messages go, and what is there comes', () => {
  const [one, other] = [bound(sockets.make('udp4')), bound(sockets.make('udp4'))];
  const room = slots(6);
  expect(one.sendMmsg(messagesTo(other))).toBe(WORDS.length);
  // One call takes what is there, and does not wait for the slots that are left.
  let received = 0;
  while (received < WORDS.length) received += other.recvMmsg(room.slice(received));
  expect(room.slice(0, received).map(textOf)).toEqual(WORDS);
  expect(room.slice(0, received).map(({ address }) => address)).toEqual(
    WORDS.map(() => one.localAddress),
  );
});

test('of a blocking socket: the first message is waited for', () => {
  const socket = bound(sockets.make('udp4'));
  startThread(
    `const socket = new Socket(c.AF_INET, c.SOCK_DGRAM);
     sys.poll([], 30);
     socket.sendMmsg([{ data: Buffer.from('late'), address: data }]);
     socket.close();`,
    socket.localAddress,
  );
  const room = slots(1);
  expect(socket.recvMmsg(room)).toBe(1);
  expect(room.map(textOf)).toEqual(['late']);
});

test('of a blocking socket: what would wait is ETIMEDOUT or EAGAIN', () => {
  const [receiver, sender] = [sockets.make('unixDgram'), sockets.make('unixDgram')];
  receiver.bind({ path: '' });
  for (const socket of [receiver, sender]) socket.setTimeout(20);
  expect(failure(() => receiver.recvMmsg(slots(1))).message).toBe('recvmmsg ETIMEDOUT');
  const address = receiver.localAddress as { path: string };
  const messages = Array.from({ length: 50 }, () => ({ data: Buffer.alloc(1), address }));
  const full = failure(() => {
    while (sender.sendMmsg(messages) > 0);
  });
  expect(full).toMatchObject({ code: 'ETIMEDOUT', syscall: 'sendmmsg', address: address.path });
  for (const socket of [receiver, sender]) socket.nonblocking = true;
  expect(codeOf(() => sender.sendMmsg(messages))).toBe('EAGAIN');
  const room = slots(100);
  const empty = failure(() => {
    while (receiver.recvMmsg(room) > 0);
  });
  expect(empty.message).toBe('recvmmsg EAGAIN');
});

test('wrong arguments and the first message’s error are told', async () => {
  const blocking = sockets.make('udp4');
  const promises = asyncSockets.make('udp4');
  const nowhere = [{ data: Buffer.from('x'), address: { address: '127.0.0.1', port: 0 } }];
  expect(failure(() => blocking.sendMmsg(nowhere)).message).toBe('sendmmsg EINVAL 127.0.0.1:0');
  expect((await rejection(promises.sendMmsg(nowhere))).message).toBe('sendmmsg EINVAL 127.0.0.1:0');
  for (const junk of [null, {}, 'x', [1], [{ buffer: 'x' }]] as never[]) {
    expect(codeOf(() => blocking.recvMmsg(junk))).toMatch(/^ERR_INVALID_ARG/);
    expect(codeOf(() => blocking.sendMmsg(junk))).toMatch(/^ERR_INVALID_ARG/);
    expect((await rejection(promises.recvMmsg(junk))).code).toMatch(/^ERR_INVALID_ARG/);
    expect((await rejection(promises.sendMmsg(junk))).code).toMatch(/^ERR_INVALID_ARG/);
  }
});

describe.each(['epoll', 'poll'])('of a socket of promises, with %s', (way) => {
  beforeAll(() => {
    waitByPoll(way === 'poll');
  });
  afterAll(() => {
    waitByPoll(false);
  });

  test('the first message is waited for, and what is there comes', async () => {
    const [one, other] = [bound(asyncSockets.make('udp4')), bound(asyncSockets.make('udp4'))];
    const room = slots(6);
    const pending = other.recvMmsg(room);
    await turns();
    expect(await one.sendMmsg(messagesTo(other))).toBe(WORDS.length);
    let received = await pending;
    while (received < WORDS.length) received += await other.recvMmsg(room.slice(received));
    expect(room.slice(0, received).map(textOf)).toEqual(WORDS);
    expect(room[0]?.address).toEqual(one.localAddress);
  });

  test('a full addressee is waited for', async () => {
    const [receiver, sender] = [asyncSockets.make('unixDgram'), asyncSockets.make('unixDgram')];
    receiver.bind({ path: '' });
    const address = receiver.localAddress as { path: string };
    const messages = Array.from({ length: 1000 }, () => ({ data: Buffer.alloc(1), address }));
    const sent = await sender.sendMmsg(messages);
    expect(sent).toBeLessThan(messages.length);
    const pending = sender.sendMmsg(messages);
    const room = slots(10);
    for (let got = 0; got < sent;) got += await receiver.recvMmsg(room);
    expect(await pending).toBeGreaterThan(0);
  });

  test('no error is made for a wait', async () => {
    const made = jest.spyOn(util, 'getSystemErrorName');
    const errors = async () => {
      await rejection(asyncSockets.make('unixDgram').send(Buffer.alloc(1)));
      return made.mock.calls.length;
    };
    const before = await errors();
    const [one, other] = asyncSockets.pair(c.SOCK_SEQPACKET);
    const pending = [
      other.recvFrom(1),
      other.recvMsg(1),
      other.recvMmsg(slots(1)),
      other.recv(1),
    ] as const;
    await turns();
    const [datagram, full] = [asyncSockets.make('unixDgram'), asyncSockets.make('unixDgram')];
    full.bind({ path: '' });
    const address = full.localAddress as { path: string };
    while ((await datagram.sendMmsg([{ data: Buffer.alloc(1), address }])) < 1);
    for (let count = 0; count < 4; count++) await one.send(Buffer.from('x'));
    await Promise.all(pending);
    expect(made.mock.calls.length).toBe(before);
    // That the count does count.
    expect(await errors()).toBe(before * 2);
  });
});

test('a blocking socket makes no error for a wait', () => {
  const made = jest.spyOn(util, 'getSystemErrorName');
  const [one, other] = sockets.connected('unixSeqpacket');
  const waits = [
    () => other.recvFrom(1),
    () => other.recvMsg(1),
    () => other.recvMmsg(slots(1)),
    () => other.recv(1),
  ];
  startThread(
    `for (let count = 0; count < data.count; count++) {
       sys.poll([], 20);
       sys.send(data.fd, Buffer.from('x'));
     }`,
    { fd: one.fd, count: waits.length },
  );
  for (const wait of waits) wait();
  expect(made).not.toHaveBeenCalled();
  expect(codeOf(() => other.send(Buffer.alloc(1), c.MSG_OOB))).toBe('ENOTSUP');
  expect(made).toHaveBeenCalled();
});
