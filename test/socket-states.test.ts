import { inspect } from 'node:util';
import { constants as c, Socket } from 'sockkit';
import { slot } from './helpers/datagrams.js';
import { codeOf, refusingPort } from './helpers/net.js';
import { closeSockets, connected, listening, make, own } from './helpers/sockets.js';
import {
  CASES,
  expected,
  type Method,
  type Outcome,
  patience,
  SHUT,
  type State,
} from './helpers/states.js';

afterEach(closeSockets);

const LOOPBACK = { address: '127.0.0.1', port: 0 };
const FULL = 200_000;

/** A socket whose connect() goes on: the listener's queue is full, and drops what comes. */
function connecting(): Socket {
  const server = listening('tcp4', 0);
  for (let waiting = 0; waiting < 8; waiting++) {
    const client = make('tcp4');
    client.nonblocking = true;
    const code = codeOf(() => {
      client.connect(server.localAddress);
      throw Object.assign(new Error(), { code: 'ok' });
    });
    if (code === 'EINPROGRESS' && client.getOption('tcpInfo').state === 'SYN_SENT') return client;
  }
  throw new Error('the queue takes everything');
}

function shut(state: keyof typeof SHUT): Socket {
  const [client] = connected();
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
  connected: () => connected()[0],
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
} satisfies Record<State, () => Socket>;

const METHODS = {
  bind: (socket) => {
    socket.bind(LOOPBACK);
  },
  listen: (socket) => {
    socket.listen();
  },
  accept: (socket) => socket.accept(),
  connect: (socket) => {
    socket.connect({ address: '127.0.0.1', port: refusingPort() });
  },
  shutdown: (socket) => {
    socket.shutdown(c.SHUT_WR);
  },
  send: (socket) => socket.send(Buffer.from('x')),
  sendAll: (socket) => {
    socket.sendAll('x');
  },
  sendAllNothing: (socket) => {
    socket.sendAll('');
  },
  recv: (socket) => socket.recv(1),
  recvInto: (socket) => socket.recvInto(Buffer.alloc(1)),
  recvWaitAll: (socket) => socket.recvInto(Buffer.alloc(2), c.MSG_WAITALL),
  recvExact: (socket) => socket.recvExact(1),
  recvExactNothing: (socket) => socket.recvExact(0),
  sendTo: (socket) => socket.sendTo(Buffer.from('x'), { address: '127.0.0.1', port: 9 }),
  recvFrom: (socket) => socket.recvFrom(1),
  sendMsg: (socket) => socket.sendMsg({ data: Buffer.from('x') }),
  recvMsg: (socket) => socket.recvMsg(1),
  sendMmsg: (socket) => socket.sendMmsg([{ data: Buffer.from('x') }]),
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
  dispose: (socket) => {
    socket[Symbol.dispose]();
  },
} satisfies Record<Method, (socket: Socket) => unknown>;

test.each(CASES)('%s of a socket that is %s', (method, state) => {
  const socket = MAKE[state]();
  socket.nonblocking &&= false;
  socket.setTimeout(patience(expected(method, state)));
  let outcome: Outcome = 'ok';
  try {
    METHODS[method](socket);
  } catch (error) {
    outcome = (error as { code: string }).code;
  }
  expect(outcome).toBe(expected(method, state));
});

test.each(['nonblocking', 'with a timeout'])('a %s socket says so instead of waiting', (how) => {
  const [client] = connected();
  const server = listening();
  const isNonblocking = how === 'nonblocking';
  for (const socket of [client, server]) {
    if (isNonblocking) socket.nonblocking = true;
    else socket.setTimeout(20);
  }
  const code = isNonblocking ? 'EAGAIN' : 'ETIMEDOUT';
  expect(codeOf(() => client.recv(1))).toBe(code);
  expect(codeOf(() => server.accept())).toBe(code);
  client.setOption('sndBuf', 5000);
  expect(
    codeOf(() => {
      client.sendAll(Buffer.alloc(50 * FULL));
    }),
  ).toBe(code);
});
