import * as dgram from 'node:dgram';
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import * as tls from 'node:tls';
import { constants as c, Socket } from 'sockkit';
import { codeOf } from './helpers/net.js';
import { closeSockets, connected, listening, make, type SocketKind } from './helpers/sockets.js';

const servers: { close(): unknown }[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  closeSockets();
});

const portOf = (socket: Socket) => (socket.localAddress as { port: number }).port;

/** Both ends as net.Socket. */
function netPair(kind: SocketKind): [net.Socket, net.Socket] {
  const [client, server] = connected(kind);
  return [client.toNetSocket(), server.toNetSocket()];
}

test.each<SocketKind>(['tcp4', 'unix'])('a %s connection goes on as a net.Socket', async (kind) => {
  const [client, server] = connected(kind);
  client.sendAll('before, ');
  const [a, b] = [client.toNetSocket(), server.toNetSocket()];
  expect([client.closed, server.closed]).toEqual([true, true]);
  a.end('after');
  expect(await text(b)).toBe('before, after');
});

test('a fresh socket with options connects as a net.Socket', async () => {
  const server = net.createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const socket = make('tcp4');
  socket.setOption('rcvBuf', 30_000);
  const copy = socket.dup();
  const client = socket.toNetSocket();
  client.connect({ host: '127.0.0.1', port });
  await once(client, 'connect');
  // It was this socket that connected, and not another in its place.
  expect(copy.remoteAddress).toMatchObject({ address: '127.0.0.1', port });
  expect(await text(client)).toBe('hello');
  copy.close();
});

test('toDuplex() reads on after its end was written', async () => {
  const [client, server] = connected();
  const stream = client.toDuplex();
  stream.end('question');
  await once(stream, 'finish');
  expect(server.recvExact(8).toString()).toBe('question');
  expect(server.recv(1)).toHaveLength(0);
  server.sendAll('answer');
  server.close();
  expect(await text(stream)).toBe('answer');
});

test('pipeline() runs through a duplex', async () => {
  const [client, server] = connected('unix');
  const big = Buffer.alloc(300_000, 'sockkit');
  const received = text(server.toDuplex());
  await pipeline([big], client.toDuplex());
  expect(await received).toBe(big.toString());
});

test('tls.connect() takes one', async () => {
  const [a, b] = netPair('tcp4');
  const key = Buffer.from('a key that both sides know');
  const options = {
    ciphers: 'PSK-AES128-GCM-SHA256',
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
  } as const;
  const secure = new tls.TLSSocket(b, {
    isServer: true,
    ...options,
    pskCallback: () => key,
  } as tls.TLSSocketOptions);
  const client = tls.connect({
    socket: a,
    ...options,
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk: key, identity: 'me' }),
  });
  client.end('in secret');
  expect(await text(secure)).toBe('in secret');
  secure.end();
  a.destroy();
});

test('http speaks over both ends', async () => {
  const [client, server] = connected();
  const web = http.createServer((request, response) => {
    response.end(`you asked for ${request.url}`);
  });
  web.emit('connection', server.toNetSocket());
  const request = http.get({ path: '/page', createConnection: () => client.toNetSocket() });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  expect(await text(response)).toBe('you asked for /page');
  web.closeAllConnections();
});

test('a listener with options goes to net.Server', async () => {
  const socket = make('tcp4');
  socket.setOption('reuseAddr', true);
  socket.setOption('tcpDeferAccept', 1);
  socket.bind({ address: '127.0.0.1', port: 0 });
  socket.listen();
  const port = portOf(socket);
  const server = net.createServer((connection) => connection.end('welcome'));
  servers.push(server);
  server.listen({ fd: socket.detach() });
  await once(server, 'listening');
  const client = net.connect(port, '127.0.0.1');
  client.write('data');
  expect(await text(client)).toBe('welcome');
});

test('a bound socket with options goes to dgram', async () => {
  const socket = make('udp4');
  socket.setOption('ipTos', 0x10);
  socket.bind({ address: '127.0.0.1', port: 0 });
  const port = portOf(socket);
  const receiver = dgram.createSocket('udp4');
  servers.push(receiver);
  receiver.bind({ fd: socket.detach() });
  const sender = make('udp4');
  sender.connect({ address: '127.0.0.1', port });
  sender.send(Buffer.from('datagram'));
  const [message] = (await once(receiver, 'message')) as [Buffer];
  expect(message.toString()).toBe('datagram');
});

test.each<SocketKind>(['udp4', 'unixDgram', 'unixSeqpacket'])(
  'a %s socket cannot be a net.Socket, and stays as it is',
  (kind) => {
    const socket = make(kind);
    expect(codeOf(() => socket.toNetSocket())).toBe('ERR_INVALID_FD_TYPE');
    expect(socket.closed).toBe(false);
    expect(socket.getOption('domain')).toBe(kind === 'udp4' ? c.AF_INET : c.AF_UNIX);
  },
);

test('a listener cannot be a net.Socket', () => {
  const socket = listening();
  expect(codeOf(() => socket.toNetSocket())).toBe('ERR_INVALID_FD_TYPE');
  expect(socket.getOption('acceptConn')).toBe(true);
});
