import { inspect } from 'node:util';
import { constants as c, Socket } from 'sockkit';
import { Socket as AsyncSocket } from 'sockkit/promises';
import * as sys from 'sockkit/sys';
import { errno, hasIPv6, ready, refusingPort } from './helpers/net.js';
import { closeSockets, connected, listening, make, own } from './helpers/sockets.js';

afterEach(closeSockets);

const port = (socket: Socket) => socket.localAddress.port ?? -1;

test('a socket is shown with its descriptor, kind, state and addresses', () => {
  const fresh = make('tcp4');
  expect(inspect(fresh)).toBe(
    `Socket {\n  fd: ${fresh.fd},\n  type: 'SOCK_STREAM',\n  family: 'IPv4',\n  state: 'fresh',\n` +
      "  local: '0.0.0.0:0'\n}",
  );
  const [client, server] = connected();
  expect(inspect(client, { breakLength: Infinity })).toBe(
    `Socket { fd: ${client.fd}, type: 'SOCK_STREAM', family: 'IPv4', state: 'connected', ` +
      `local: '127.0.0.1:${port(client)}', remote: '127.0.0.1:${port(server)}' }`,
  );
  expect(inspect([fresh], { depth: 0 })).toBe('[ [Socket] ]');
});

test('each state has a name', () => {
  const state = (socket: Socket) => /state: '(\w+)'/.exec(inspect(socket))?.[1];
  const bound = make('udp4');
  bound.bind({ address: '127.0.0.1', port: 0 });
  expect(state(bound)).toBe('bound');
  bound.connect(bound.localAddress);
  expect(state(bound)).toBe('connected');
  expect(state(listening('unix'))).toBe('listening');
  expect(state(make('unix'))).toBe('fresh');
  const connecting = make('tcp4');
  connecting.nonblocking = true;
  const server = listening('tcp4', 0);
  // Until the queue is full; what is shown then is that the attempt goes on.
  const waiting = Array.from({ length: 8 }, () => make('tcp4')).map((socket) => {
    socket.nonblocking = true;
    try {
      socket.connect(server.localAddress);
    } catch (error) {
      expect(error).toMatchObject({ code: 'EINPROGRESS' });
    }
    return state(socket);
  });
  expect(waiting).toContain('connecting');
  const closed = make('tcp4');
  closed.close();
  expect(inspect(closed)).toBe("Socket { fd: -1, state: 'closed' }");
});

test('other families and types', () => {
  if (hasIPv6) expect(inspect(listening('tcp6'))).toMatch(/local: '\[::1\]:\d+'/);
  const [one, other] = Socket.pair(c.AF_UNIX, c.SOCK_SEQPACKET);
  own(one);
  own(other);
  expect(inspect(one)).toMatch(/type: 'SOCK_SEQPACKET',\s+family: 'unix',\s+state: 'connected'/);
  const [asynchronous, its] = AsyncSocket.pair(c.AF_UNIX, c.SOCK_DGRAM);
  expect(inspect(asynchronous)).toContain("type: 'SOCK_DGRAM'");
  asynchronous.close();
  its.close();
});

test('showing a socket leaves its pending error to be read', () => {
  const socket = make('udp4');
  socket.connect({ address: '127.0.0.1', port: refusingPort() });
  socket.send(Buffer.from('x'));
  expect(ready(socket.fd, c.POLLERR)).toBe(c.POLLERR);
  inspect(socket);
  expect(socket.getOption('error')).toBe(-errno('ECONNREFUSED'));
});

test('a descriptor that somebody else has closed', () => {
  const socket = make('tcp4');
  sys.close(socket.fd);
  expect(inspect(socket)).toBe(`Socket { fd: ${socket.fd}, state: 'EBADF' }`);
  expect(() => {
    socket.close();
  }).toThrow('close EBADF');
});
