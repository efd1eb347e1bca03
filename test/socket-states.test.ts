import { constants as c, Socket } from 'sockkit';
import { codeOf, refusingPort } from './helpers/net.js';
import { closeSockets, connected, listening, make, own } from './helpers/sockets.js';

afterEach(closeSockets);

/** What a call gives: `ok`, or the code of its error. */
type Outcome = string;

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

const STATES = {
  fresh: () => make('tcp4'),
  bound() {
    const socket = make('tcp4');
    socket.bind(LOOPBACK);
    return socket;
  },
  listening: () => listening(),
  connecting,
  connected: () => connected()[0],
  shutRead() {
    const [client] = connected();
    client.shutdown(c.SHUT_RD);
    return client;
  },
  shutWrite() {
    const [client] = connected();
    client.shutdown(c.SHUT_WR);
    return client;
  },
  shutBoth() {
    const [client] = connected();
    client.shutdown(c.SHUT_RDWR);
    return client;
  },
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
} satisfies Record<string, () => Socket>;

type State = keyof typeof STATES;

// Every method is called with 50 ms to go: what would wait is ETIMEDOUT.
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
  dup: (socket) => own(socket.dup()),
  toNetSocket: (socket) => socket.toNetSocket().destroy(),
  toDuplex: (socket) => socket.toDuplex().destroy(),
  detach: (socket) => own(Socket.fromFd(socket.detach())),
  close: (socket) => {
    socket.close();
  },
} satisfies Record<string, (socket: Socket) => unknown>;

type Method = keyof typeof METHODS;

const OK = 'ok';
const GONE = 'ERR_SOCKET_CLOSED';

/** In the order of STATES, up to `shutBoth`. */
// prettier-ignore
const OPEN: Record<Method, Outcome[]> = {
  //                 fresh       bound       listening   connecting   connected    shutRead     shutWrite    shutBoth
  bind:             [OK,         'EINVAL',   'EINVAL',   'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL'],
  listen:           [OK,         OK,         OK,         'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL'],
  accept:           ['EINVAL',   'EINVAL',   'ETIMEDOUT', 'EINVAL',   'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL'],
  connect:          ['ECONNREFUSED', 'ECONNREFUSED', 'EISCONN', 'ETIMEDOUT', 'EISCONN', 'EISCONN', 'EISCONN', 'EISCONN'],
  shutdown:         ['ENOTCONN', 'ENOTCONN', OK,         OK,          OK,          OK,          OK,          OK],
  send:             ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  sendAll:          ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  sendAllNothing:   [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  recv:             ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  recvInto:         ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  recvWaitAll:      ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  recvExact:        ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', 'ENODATA',   'ETIMEDOUT', 'ENODATA'],
  recvExactNothing: [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  sendTo:           ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  recvFrom:         ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  sendMsg:          ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  recvMsg:          ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  getOption:        [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  setOption:        [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  localAddress:     [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  remoteAddress:    ['null',     'null',     'null',     'null',      OK,          OK,          OK,          OK],
  nonblocking:      [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  setTimeout:       [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  dup:              [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  toNetSocket:      [OK,         OK,         'ERR_INVALID_FD_TYPE', OK, OK,        OK,          OK,          OK],
  toDuplex:         [OK,         OK,         'ERR_INVALID_FD_TYPE', OK, OK,        OK,          OK,          OK],
  detach:           [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  close:            [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
};

const CLOSED_OK: Method[] = ['setTimeout', 'close'];

function expected(method: Method, state: State): Outcome {
  if (state === 'closed' || state === 'detached') return CLOSED_OK.includes(method) ? OK : GONE;
  return OPEN[method][Object.keys(STATES).indexOf(state)] ?? 'missing';
}

const cases = (Object.keys(METHODS) as Method[]).flatMap((method) =>
  (Object.keys(STATES) as State[]).map((state) => [method, state] as const),
);

test.each(cases)('%s of a socket that is %s', (method, state) => {
  const socket = STATES[state]();
  socket.nonblocking &&= false;
  socket.setTimeout(50);
  let outcome = OK;
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
