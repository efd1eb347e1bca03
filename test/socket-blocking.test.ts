import { constants as c, createConnection, Socket } from 'sockkit';
import * as sys from 'sockkit/sys';
import { codeOf, failure, ready, refusingPort, testIPv6 } from './helpers/net.js';
import { closeSockets, connected, listening, make, own } from './helpers/sockets.js';
import { startThread, stopThreads } from './helpers/workers.js';

afterEach(async () => {
  await stopThreads();
  closeSockets();
});

const portOf = (socket: Socket) => (socket.localAddress as { port: number }).port;

/** A thread that connects to `server` and runs `code` with `socket`. */
function peer(server: Socket, code: string): Socket {
  const connect = `const socket = sockkit.createConnection({ host: '127.0.0.1', port: data });\n`;
  startThread(connect + code, portOf(server));
  server.setTimeout(10_000);
  const { socket } = server.accept();
  socket.setTimeout(10_000);
  return own(socket);
}

test('accept() waits for a connection, and gives it with its address', () => {
  const server = listening();
  const socket = peer(server, `socket.recv(1);`);
  expect(socket.remoteAddress).toMatchObject({ family: 'IPv4', address: '127.0.0.1' });
  expect(socket.nonblocking).toBe(false);
});

test('recv() waits for bytes, and gives none at the end', () => {
  const socket = peer(listening(), `sys.poll([], 30); socket.sendAll('late'); socket.close();`);
  expect(socket.recv(100).toString()).toBe('late');
  expect(socket.recv(100)).toEqual(Buffer.alloc(0));
});

test('recvExact() and MSG_WAITALL put together what comes in parts', () => {
  const parts = `for (const part of ['ab', 'cd', 'ef']) { socket.sendAll(part); sys.poll([], 20); }`;
  for (const receive of [
    (socket: Socket) => socket.recvExact(6),
    (socket: Socket) => socket.recv(6, c.MSG_WAITALL),
    (socket: Socket) => socket.recv(6, c.MSG_WAITALL | c.MSG_PEEK),
  ]) {
    const socket = peer(listening(), parts + 'socket.recv(1);');
    expect(receive(socket).toString()).toBe('abcdef');
  }
});

test('what ends too early is told, and is not lost', () => {
  const [client, server] = connected();
  client.sendAll('abc');
  client.close();
  expect(server.recv(5, c.MSG_PEEK | c.MSG_WAITALL).toString()).toBe('abc');
  const error = failure(() => server.recvExact(5));
  expect(error).toMatchObject({
    name: 'SocketError',
    code: 'ENODATA',
    syscall: 'recv',
    bytesTransferred: 3,
    received: Buffer.from('abc'),
  });
  expect(server.recv(5, c.MSG_WAITALL)).toHaveLength(0);
});

test('a timeout tells how much came or went', () => {
  const [client, server] = connected();
  client.sendAll('abc');
  server.setTimeout(30);
  expect(failure(() => server.recvExact(5))).toMatchObject({
    code: 'ETIMEDOUT',
    bytesTransferred: 3,
    received: Buffer.from('abc'),
  });
  client.sendAll('def');
  expect(failure(() => server.recv(5, c.MSG_WAITALL))).toMatchObject({
    code: 'ETIMEDOUT',
    bytesTransferred: 3,
  });
  client.setTimeout(30);
  const size = 64 << 20;
  const { bytesTransferred } = failure(() => {
    client.sendAll(Buffer.alloc(size));
  });
  expect(bytesTransferred).toBeGreaterThan(0);
  expect(bytesTransferred).toBeLessThan(size);
});

test('sendAll() sends all of it, however slowly it is taken', () => {
  const size = 8 << 20;
  const code = `
    let total = 0;
    for (;;) {
      const { length } = socket.recv(65536);
      if (length === 0) break;
      total += length;
      if (total % 7 === 0) sys.poll([], 1);
    }
    socket.sendAll(String(total));
    socket.close();`;
  const socket = peer(listening(), code);
  socket.sendAll(Buffer.alloc(size, 7));
  socket.shutdown(c.SHUT_WR);
  expect(socket.recv(100).toString()).toBe(String(size));
});

test('a reset tells what went before', () => {
  const [client, server] = connected();
  server.setOption('linger', { on: true, seconds: 0 });
  server.close();
  ready(client.fd, c.POLLIN);
  expect(
    failure(() => {
      client.sendAll('x');
    }),
  ).toMatchObject({ code: 'ECONNRESET', bytesTransferred: 0 });
  expect(
    codeOf(() => {
      client.sendAll('x');
    }),
  ).toBe('EPIPE');
});

test('recv() with MSG_TRUNC shows nothing that was not received', () => {
  const [client, server] = connected();
  client.sendAll('secret');
  ready(server.fd, c.POLLIN);
  expect(server.recv(6, c.MSG_TRUNC)).toEqual(Buffer.alloc(6));
  const datagrams = [make('udp4'), make('udp4')] as const;
  datagrams[0].bind({ address: '127.0.0.1', port: 0 });
  datagrams[1].connect({ address: '127.0.0.1', port: portOf(datagrams[0]) });
  datagrams[1].send(Buffer.from('a datagram'));
  expect(datagrams[0].recv(3, c.MSG_TRUNC).toString()).toBe('a d');
});

test('flags with which a call never waits do not wait', () => {
  const [client, server] = connected();
  expect(codeOf(() => client.recv(1, c.MSG_DONTWAIT))).toBe('EAGAIN');
  expect(codeOf(() => client.recv(1, c.MSG_OOB))).toBe('EINVAL');
  expect(codeOf(() => client.recv(1, c.MSG_ERRQUEUE ?? 0))).toBe('EAGAIN');
  server.send(Buffer.from('!'), c.MSG_OOB);
  ready(client.fd, c.POLLPRI);
  expect(client.recv(1, c.MSG_OOB).toString()).toBe('!');
});

test('a unix datagram socket waits while its addressee is full', () => {
  const receiver = make('unixDgram');
  receiver.bind({ path: '' });
  const sender = make('unixDgram');
  sender.connect(receiver.localAddress);
  sender.setTimeout(30);
  let sent = 0;
  const error = failure(() => {
    for (;;) sent += sender.send(Buffer.from('x'));
  });
  expect(error.code).toBe('ETIMEDOUT');
  expect(sent).toBeGreaterThan(0);
  for (let index = 0; index < sent; index++) expect(receiver.recv(2)).toHaveLength(1);
});

test('connect() is refused with the address in the error', () => {
  const port = refusingPort();
  expect(
    failure(() => {
      make('tcp4').connect({ address: '127.0.0.1', port });
    }),
  ).toMatchObject({
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    address: '127.0.0.1',
    port,
  });
  expect(
    failure(() => {
      make('unix').connect({ path: '/nowhere' });
    }).message,
  ).toBe('connect ENOENT /nowhere');
});

test.each([80, '127.0.0.1', null, undefined])('connect() to %p, which is no address', (address) => {
  const socket = make('tcp4');
  for (const nonblocking of [true, false]) {
    socket.nonblocking = nonblocking;
    expect(
      failure(() => {
        socket.connect(address as unknown as sys.AddressInput);
      }),
    ).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/^The "address" argument must be of type object/) as string,
    });
  }
});

test('connect() waits for a unix listener whose queue is full', () => {
  const server = listening('unix', 0);
  const first = make('unix');
  first.connect(server.localAddress);
  const second = make('unix');
  second.setTimeout(30);
  const connect = () => {
    second.connect(server.localAddress);
  };
  expect(codeOf(connect)).toBe('ETIMEDOUT');
  own(server.accept().socket);
  connect();
  // A full queue comes first for the kernel, so there has to be room for it to say this.
  own(server.accept().socket);
  expect(codeOf(connect)).toBe('EISCONN');
});

test('connect() leaves the descriptor as it was', () => {
  const [client] = connected();
  const nonblocking = sys.constants.MSG_DONTWAIT;
  expect(client.nonblocking).toBe(false);
  expect(codeOf(() => sys.recv(client.fd, Buffer.alloc(1), nonblocking))).toBe('EAGAIN');
  client.nonblocking = true;
  expect(codeOf(() => sys.recv(client.fd, Buffer.alloc(1)))).toBe('EAGAIN');
});

test('createConnection() connects by name and by address', () => {
  const server = listening();
  for (const host of [undefined, 'localhost', '127.0.0.1']) {
    const client = createConnection({ host, port: portOf(server), timeoutMs: 5000 });
    expect(client.timeoutMs).toBe(0);
    own(client);
    expect(client.remoteAddress).toMatchObject({ port: portOf(server) });
    own(server.accept().socket);
  }
});

test('createConnection() names what is wrong with its target', () => {
  const wrong: [unknown, string, string][] = [
    [{ port: '1' }, 'ERR_INVALID_ARG_TYPE', 'The "target.port" property must be of type number.'],
    [{}, 'ERR_INVALID_ARG_TYPE', 'The "target.port" property must be of type number.'],
    [{ port: 65536 }, 'ERR_SOCKET_BAD_PORT', 'target.port should be >= 0 and <= 65535.'],
    [{ port: 1, host: 5 }, 'ERR_INVALID_ARG_TYPE', 'The "target.host" property must be of type'],
    [{ port: 1, timeoutMs: -1 }, 'ERR_OUT_OF_RANGE', 'The value of "target.timeoutMs" is out of'],
    [null, 'ERR_INVALID_ARG_TYPE', 'The "target" argument must be of type object.'],
  ];
  for (const [target, code, message] of wrong) {
    const error = failure(() => createConnection(target as never));
    expect(error.message).toContain(message);
    expect(error.code).toBe(code);
  }
});

testIPv6('createConnection() tries each address, and tells of them all', () => {
  const port = refusingPort();
  const error = failure(() => createConnection({ host: 'localhost', port }));
  expect(error).toMatchObject({
    name: 'SocketError',
    code: 'ECONNREFUSED',
    syscall: 'connect',
    port,
  });
  const found = sys.getaddrinfo('localhost', port, { type: c.SOCK_STREAM }).length;
  const causes = (error.cause as AggregateError | undefined)?.errors ?? [error];
  expect(causes).toHaveLength(found);
});

test.each([
  [{ host: 'no.such.host.invalid', port: 1 }, /^(ENOTFOUND|EAI_AGAIN)$/],
  [{ port: 65536 }, /^ERR_SOCKET_BAD_PORT$/],
  [{ port: 1, timeoutMs: -1 }, /^ERR_OUT_OF_RANGE$/],
  [null, /^ERR_INVALID_ARG_TYPE$/],
])('createConnection(%j) is %s', (target, code) => {
  expect(codeOf(() => createConnection(target as { port: number }))).toMatch(code);
});

const WRONG_NUMBERS = [NaN, 1.5, -1, 2 ** 32 + 1, Infinity, '3', null, 5n, {}];

test('numbers that are none are refused before any call', () => {
  const [client] = connected();
  const loose = client as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const value of WRONG_NUMBERS) {
    for (const action of [
      () => loose.recv?.(value),
      () => loose.recvExact?.(value),
      () => loose.setTimeout?.(value),
      () => Socket.fromFd(value as number),
    ]) {
      expect(codeOf(action)).toMatch(/^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/);
    }
  }
  for (const value of [NaN, 1.5, 2 ** 32, '0', null]) {
    expect(codeOf(() => loose.recv?.(1, value))).toMatch(/^ERR_/);
    expect(codeOf(() => loose.recvInto?.(Buffer.alloc(1), value))).toMatch(/^ERR_/);
    expect(codeOf(() => loose.send?.(Buffer.alloc(1), value))).toMatch(/^ERR_/);
    expect(codeOf(() => loose.shutdown?.(value))).toMatch(/^ERR_/);
  }
  for (const value of ['text', 1, null, new SharedArrayBuffer(4), [1]]) {
    expect(codeOf(() => loose.send?.(value))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => loose.recvInto?.(value))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => loose.recvInto?.(value, c.MSG_WAITALL))).toBe('ERR_INVALID_ARG_TYPE');
    if (value !== 'text') expect(codeOf(() => loose.sendAll?.(value))).toBe('ERR_INVALID_ARG_TYPE');
  }
});
