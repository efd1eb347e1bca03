import { inspect } from 'node:util';
import { constants as c } from 'sockkit';
import { Socket } from 'sockkit/promises';
import { closeAsync, connected, listening, make, own, rejection } from './helpers/async-sockets.js';
import { slot } from './helpers/datagrams.js';
import { openQuestions, waitByPoll } from './helpers/inside.js';
import { refusingPort } from './helpers/net.js';
import { CASES, expected, type Method, patience, SHUT, type State } from './helpers/states.js';

afterEach(closeAsync);

const LOOPBACK = { address: '127.0.0.1', port: 0 };

/** A socket whose connect() goes on: the listener's queue is full, and drops what comes. */
async function connecting(): Promise<Socket> {
  const server = listening('tcp4', 0);
  for (let waiting = 0; waiting < 8; waiting++) {
    const client = make('tcp4');
    await client.connect(server.localAddress, { timeoutMs: 20 }).catch(() => undefined);
    if (client.getOption('tcpInfo').state === 'SYN_SENT') return client;
  }
  throw new Error('the queue takes everything');
}

async function shut(state: keyof typeof SHUT): Promise<Socket> {
  const [client] = await connected();
  client.shutdown(SHUT[state]);
  return client;
}

const MAKE = {
  fresh: () => make('tcp4'),
  bound() {
    const socket = make('tcp4');
    socket.bind(LOOPBACK);
    return socket;
  },
  listening: () => listening(),
  connecting,
  connected: async () => (await connected())[0],
  shutRead: () => shut('shutRead'),
  shutWrite: () => shut('shutWrite'),
  shutBoth: () => shut('shutBoth'),
  closed() {
    const socket = make('tcp4');
    socket.close();
    return socket;
  },
  detached() {
    const socket = make('tcp4');
    own(Socket.fromFd(socket.detach()));
    return socket;
  },
} satisfies Record<State, () => Socket | Promise<Socket>>;

const X = Buffer.from('x');

const METHODS = {
  bind: (socket) => {
    socket.bind(LOOPBACK);
  },
  listen: (socket) => {
    socket.listen();
  },
  accept: (socket) => socket.accept(),
  connect: (socket) => socket.connect({ address: '127.0.0.1', port: refusingPort() }),
  shutdown: (socket) => {
    socket.shutdown(c.SHUT_WR);
  },
  send: (socket) => socket.send(X),
  sendAll: (socket) => socket.sendAll('x'),
  sendAllNothing: (socket) => socket.sendAll(''),
  recv: (socket) => socket.recv(1),
  recvInto: (socket) => socket.recvInto(Buffer.alloc(1)),
  recvWaitAll: (socket) => socket.recvInto(Buffer.alloc(2), c.MSG_WAITALL),
  recvExact: (socket) => socket.recvExact(1),
  recvExactNothing: (socket) => socket.recvExact(0),
  sendTo: (socket) => socket.sendTo(X, { address: '127.0.0.1', port: 9 }),
  recvFrom: (socket) => socket.recvFrom(1),
  sendMsg: (socket) => socket.sendMsg({ data: X }),
  recvMsg: (socket) => socket.recvMsg(1),
  sendMmsg: (socket) => socket.sendMmsg([{ data: X }]),
  recvMmsg: (socket) => socket.recvMmsg([slot(1)]),
  getOption: (socket) => socket.getOption('type'),
  setOption: (socket) => {
    socket.setOption('keepAlive', true);
  },
  localAddress: (socket) => socket.localAddress,
  remoteAddress: (socket) => {
    if (socket.remoteAddress === null) throw Object.assign(new Error(), { code: 'null' });
  },
  nonblocking: (socket) => {
    socket.nonblocking = false;
  },
  setTimeout: (socket) => {
    socket.setTimeout(1);
  },
  inspect: (socket) => inspect(socket),
  dup: (socket) => own(socket.dup()),
  toNetSocket: (socket) => socket.toNetSocket().destroy(),
  toDuplex: (socket) => socket.toDuplex().destroy(),
  detach: (socket) => own(Socket.fromFd(socket.detach())),
  close: (socket) => {
    socket.close();
  },
  dispose: (socket) => socket[Symbol.asyncDispose](),
} satisfies Record<Method, (socket: Socket) => unknown>;

/** Those that give no promise. */
const AT_ONCE: Method[] = [
  ...(['bind', 'listen', 'shutdown', 'getOption', 'setOption', 'localAddress'] as const),
  ...(['remoteAddress', 'nonblocking', 'setTimeout', 'inspect', 'dup', 'toNetSocket'] as const),
  ...(['toDuplex', 'detach', 'close'] as const),
];

async function outcomeOf(method: Method, socket: Socket): Promise<string> {
  let result: unknown;
  try {
    result = METHODS[method](socket);
  } catch (error) {
    // A call that gives a promise never throws.
    expect(AT_ONCE).toContain(method);
    return (error as { code: string }).code;
  }
  expect(result instanceof Promise).toBe(!AT_ONCE.includes(method));
  return Promise.resolve(result).then(
    () => 'ok',
    (error: unknown) => (error as { code: string }).code,
  );
}

describe.each(['epoll', 'poll'])('with %s', (way) => {
  beforeAll(() => {
    waitByPoll(way === 'poll');
  });
  afterAll(() => {
    waitByPoll(false);
  });

  test.each(CASES)('%s of a socket that is %s', async (method, state) => {
    const socket = await MAKE[state]();
    const outcome = expected(method, state);
    socket.setTimeout(patience(outcome));
    expect(await outcomeOf(method, socket)).toBe(outcome);
    expect(openQuestions()).toBe(0);
  });
});

// Each is rejected or done, and nobody waits for ever, whatever comes first.
const PAIRS = ['accept', 'connect', 'recv', 'send', 'sendAll', 'recvFrom', 'recvMmsg'] as const;

test.each(PAIRS)('%s that waits, and close() at once', async (method) => {
  for (const state of ['listening', 'connecting', 'connected'] as const) {
    const socket = await MAKE[state]();
    const pending = outcomeOf(method, socket);
    socket.close();
    const now = expected(method, state);
    expect(await pending).toBe(now === 'ETIMEDOUT' ? 'ERR_SOCKET_CLOSED' : now);
  }
});

test('a socket that does not wait says so', async () => {
  const [client] = await connected();
  const server = listening();
  for (const socket of [client, server]) socket.nonblocking = true;
  expect((await rejection(client.recv(1))).code).toBe('EAGAIN');
  expect((await rejection(server.accept())).code).toBe('EAGAIN');
});
