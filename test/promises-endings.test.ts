// How calls end that do not end by themselves: by a signal, by time, by close().
import { getEventListeners } from 'node:events';
import { constants as c } from 'sockkit';
import { Socket } from 'sockkit/promises';
import * as sys from 'sockkit/sys';
import {
  closeAsync,
  connected,
  fill,
  listening,
  make,
  own,
  pair,
  rejection,
  turns,
} from './helpers/async-sockets.js';
import { slot } from './helpers/datagrams.js';
import { openQuestions, waitByPoll } from './helpers/inside.js';
import { openFds } from './helpers/net.js';

afterEach(closeAsync);

interface Options {
  signal?: AbortSignal;
  timeoutMs?: number;
}
interface Pending {
  socket: Socket;
  syscall: string;
  start: (options?: Options) => Promise<unknown>;
}

async function full(): Promise<Socket> {
  const [one] = pair();
  await fill(one);
  return one;
}

/** Every call, in a state in which it waits. */
const PENDING: Record<string, () => Promise<Pending> | Pending> = {
  accept() {
    const socket = listening();
    return { socket, syscall: 'accept', start: (options) => socket.accept(options) };
  },
  async connect() {
    const server = listening('tcp4', 0);
    for (;;) {
      const socket = make('tcp4');
      const done = await socket.connect(server.localAddress, { timeoutMs: 20 }).catch(() => 0);
      if (done === 0) {
        const start = (options?: Options) => socket.connect(server.localAddress, options);
        return { socket, syscall: 'connect', start };
      }
    }
  },
  async 'connect to a full unix queue'() {
    const server = listening('unix', 0);
    await make('unix').connect(server.localAddress);
    const socket = make('unix');
    const start = (options?: Options) => socket.connect(server.localAddress, options);
    return { socket, syscall: 'connect', start };
  },
  async send() {
    const socket = await full();
    return { socket, syscall: 'send', start: (o) => socket.send(Buffer.from('x'), o) };
  },
  async sendAll() {
    const socket = await full();
    return { socket, syscall: 'send', start: (o) => socket.sendAll('x', o) };
  },
  async sendMsg() {
    const socket = await full();
    return {
      socket,
      syscall: 'sendmsg',
      start: (o) => socket.sendMsg({ data: Buffer.alloc(1) }, o),
    };
  },
  async sendTo() {
    const [socket, to] = [make('unixDgram'), make('unixDgram')];
    to.bind({ path: '' });
    const start = (o: Options | number = {}) => socket.sendTo(Buffer.alloc(1), to.localAddress, o);
    while ((await start(c.MSG_DONTWAIT).catch(() => 0)) === 1);
    return { socket, syscall: 'sendto', start };
  },
  recv() {
    const [socket] = pair();
    return { socket, syscall: 'recv', start: (o) => socket.recv(1, o) };
  },
  recvInto() {
    const [socket] = pair();
    return { socket, syscall: 'recv', start: (o) => socket.recvInto(Buffer.alloc(1), o) };
  },
  'recvInto with MSG_WAITALL'() {
    const [socket] = pair();
    const flags = c.MSG_WAITALL;
    const start = (o?: Options) => socket.recvInto(Buffer.alloc(2), { flags, ...o });
    return { socket, syscall: 'recv', start };
  },
  'recvInto with MSG_WAITALL and MSG_PEEK'() {
    const [socket] = pair();
    const flags = c.MSG_WAITALL | c.MSG_PEEK;
    const start = (o?: Options) => socket.recvInto(Buffer.alloc(2), { flags, ...o });
    return { socket, syscall: 'recv', start };
  },
  recvExact() {
    const [socket] = pair();
    return { socket, syscall: 'recv', start: (o) => socket.recvExact(2, o) };
  },
  recvFrom() {
    const [socket] = pair(c.SOCK_DGRAM);
    return { socket, syscall: 'recvfrom', start: (o) => socket.recvFrom(1, o) };
  },
  recvMsg() {
    const [socket] = pair();
    return { socket, syscall: 'recvmsg', start: (o) => socket.recvMsg(1, o) };
  },
  recvMmsg() {
    const [socket] = pair();
    return { socket, syscall: 'recvmmsg', start: (o) => socket.recvMmsg([slot(1)], o) };
  },
  async sendMmsg() {
    const socket = await full();
    const start = (o?: Options) => socket.sendMmsg([{ data: Buffer.alloc(1) }], o);
    return { socket, syscall: 'sendmmsg', start };
  },
  chunks() {
    const [socket] = pair();
    return { socket, syscall: 'recv', start: (o) => socket.chunks(o).next() };
  },
};

describe.each(['epoll', 'poll'])('with %s', (way) => {
  beforeAll(() => {
    waitByPoll(way === 'poll');
  });
  afterAll(() => {
    waitByPoll(false);
  });

  describe.each(Object.keys(PENDING))('%s', (name) => {
    const pending = () => (PENDING[name] as () => Promise<Pending>)();

    test('ends by a signal', async () => {
      const { start } = await pending();
      const controller = new AbortController();
      const waits = rejection(start({ signal: controller.signal }));
      const queued = rejection(start({ signal: controller.signal }));
      await turns();
      controller.abort('enough');
      for (const error of [await waits, await queued]) {
        expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
      }
      expect(openQuestions()).toBe(0);
      const late = await rejection(start({ signal: controller.signal }));
      expect(late).toMatchObject({ name: 'AbortError', cause: 'enough' });
    });

    test('ends by time, its own or the socket’s', async () => {
      const { socket, syscall, start } = await pending();
      expect(await rejection(start({ timeoutMs: 10 }))).toMatchObject({
        code: 'ETIMEDOUT',
        syscall,
      });
      socket.setTimeout(10);
      expect(await rejection(start())).toMatchObject({ code: 'ETIMEDOUT', syscall });
      expect(openQuestions()).toBe(0);
    });

    test('ends by close() and by detach()', async () => {
      const { socket, start } = await pending();
      const both = [rejection(start()), rejection(start())];
      await turns();
      const fd = socket.detach();
      for (const error of both) expect((await error).code).toBe('ERR_SOCKET_CLOSED');
      expect(openQuestions()).toBe(0);
      const again = own(Socket.fromFd(fd));
      again.close();
      expect((await rejection(start())).code).toBe('ERR_SOCKET_CLOSED');
    });
  });

  test('what follows an aborted call goes on', async () => {
    const [one, other] = pair();
    const controller = new AbortController();
    const aborted = rejection(other.recv(1, { signal: controller.signal }));
    const next = other.recv(1);
    controller.abort();
    expect((await aborted).name).toBe('AbortError');
    await one.send(Buffer.from('x'));
    expect(String(await next)).toBe('x');
  });

  test('an unfinished sendAll() and recvExact() tell how far they came', async () => {
    const [one, other] = pair();
    const controller = new AbortController();
    const { signal } = controller;
    const sent = rejection(one.sendAll(Buffer.alloc(10_000_000), { signal }));
    const received = rejection(one.recvExact(5, { timeoutMs: 10 }));
    await other.send(Buffer.from('abc'));
    expect(await received).toMatchObject({
      code: 'ETIMEDOUT',
      bytesTransferred: 3,
      received: Buffer.from('abc'),
    });
    controller.abort();
    const { bytesTransferred } = await sent;
    expect(bytesTransferred).toBeGreaterThan(0);
    expect((await other.recvExact(Number(bytesTransferred))).length).toBe(bytesTransferred);
    expect((await rejection(other.recv(1, c.MSG_DONTWAIT))).code).toBe('EAGAIN');
  });

  test('a buffer that is given away while it is used is an error', async () => {
    const [one, other] = pair();
    const buffer = new Uint8Array(10);
    const into = [
      rejection(other.recvInto(buffer)),
      rejection(other.recvInto(buffer, c.MSG_WAITALL)),
    ];
    structuredClone(buffer, { transfer: [buffer.buffer] });
    await one.sendAll('0123456789');
    for (const error of into) expect((await error).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(String(await other.recv(20))).toBe('0123456789');
    const large = new Uint8Array(10_000_000);
    const sent = rejection(one.sendAll(large));
    structuredClone(large, { transfer: [large.buffer] });
    await other.recv(1000);
    await other.recv(1_000_000);
    expect((await sent).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  test('a number that is used again has no events of the one before', async () => {
    for (let round = 0; round < 100; round++) {
      const [one, other] = Socket.pair(c.AF_UNIX, c.SOCK_STREAM);
      const { fd } = other;
      const before = rejection(other.recv(1));
      // It becomes ready, and is closed before anybody has heard of that.
      one.sendAll('x').catch(() => undefined);
      other.close();
      const [next, peer] = Socket.pair(c.AF_UNIX, c.SOCK_STREAM);
      own(next);
      own(peer);
      one.close();
      expect(next.fd).toBe(fd);
      const after = next.recv(1);
      expect((await before).code).toBe('ERR_SOCKET_CLOSED');
      await peer.sendAll('y');
      expect(String(await after)).toBe('y');
      next.close();
      peer.close();
    }
  });

  test('a thousand calls by one signal leave nothing behind', async () => {
    const [one] = pair();
    const controller = new AbortController();
    const all = Array.from({ length: 1000 }, () =>
      rejection(one.recv(1, { signal: controller.signal })),
    );
    await turns();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort();
    expect((await Promise.all(all)).every(({ name }) => name === 'AbortError')).toBe(true);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(openQuestions()).toBe(0);
  });

  test('close() of a connection in use gives back every descriptor', async () => {
    const before = openFds().length;
    for (let round = 0; round < 20; round++) {
      const [client, accepted] = await connected();
      const calls = [client.recv(1), accepted.recvExact(9), client.sendAll(Buffer.alloc(2e7))];
      const ended = Promise.allSettled(calls);
      await turns(1);
      client.close();
      accepted.close();
      await ended;
    }
    expect(openFds().length).toBe(before);
  });
});

test('wrong arguments are rejected before anything happens', async () => {
  const [one] = pair();
  const codes: [Promise<unknown>, string][] = [
    [one.recv(-1), 'ERR_OUT_OF_RANGE'],
    [one.recv(1.5), 'ERR_OUT_OF_RANGE'],
    [one.recv(1, { timeoutMs: -1 }), 'ERR_OUT_OF_RANGE'],
    [one.recv(1, { signal: {} as AbortSignal }), 'ERR_INVALID_ARG_TYPE'],
    [one.recv(1, { flags: NaN }), 'ERR_OUT_OF_RANGE'],
    [one.recv(1, null as never), 'ERR_INVALID_ARG_TYPE'],
    [one.send('text' as never), 'ERR_INVALID_ARG_TYPE'],
    [one.sendAll(5 as never), 'ERR_INVALID_ARG_TYPE'],
    [one.recvInto(new Uint8Array(new SharedArrayBuffer(4))), 'ERR_INVALID_ARG_TYPE'],
    [one.recvMsg(1, { controlBytes: -1 }), 'ERR_OUT_OF_RANGE'],
    [one.accept(5 as never), 'ERR_INVALID_ARG_TYPE'],
    [make('tcp4').connect({ address: 'localhost', port: 1 }), 'ERR_INVALID_IP_ADDRESS'],
    [make('tcp4').connect({ address: '127.0.0.1', port: 65536 }), 'ERR_SOCKET_BAD_PORT'],
    [one.datagrams({ size: -1 }).next(), 'ERR_OUT_OF_RANGE'],
    [one.chunks({ size: 0 }).next(), 'ERR_OUT_OF_RANGE'],
  ];
  for (const [promise, code] of codes) expect((await rejection(promise)).code).toBe(code);
  expect(sys.poll([{ fd: one.fd, events: c.POLLOUT }], 0)).toHaveLength(1);
});
