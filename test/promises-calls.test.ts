import * as fs from 'node:fs';
import { constants as c, Socket as BlockingSocket } from 'sockkit';
import { Socket } from 'sockkit/promises';
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
import { waitByPoll } from './helpers/inside.js';
import { fdFlags, ipName, refusingPort, testWhere } from './helpers/net.js';
import { mayOpen } from './helpers/proc.js';

afterEach(closeAsync);

describe.each(['epoll', 'poll'])('with %s', (way) => {
  beforeAll(() => {
    waitByPoll(way === 'poll');
  });
  afterAll(() => {
    waitByPoll(false);
  });

  test('accept() waits for a connection, and connect() makes it', async () => {
    const server = listening();
    const pending = server.accept();
    await turns();
    const client = make('tcp4');
    await client.connect(server.localAddress);
    const { socket, address } = await pending;
    expect(own(socket)).toBeInstanceOf(Socket);
    expect(address).toEqual(client.localAddress);
    expect(fdFlags(client.fd).nonblocking).toBe(false);
    expect(fdFlags(socket.fd).nonblocking).toBe(false);
  });

  test('who asked first accepts first', async () => {
    const server = listening();
    const pending = [server.accept(), server.accept(), server.accept()];
    const clients = [make('tcp4'), make('tcp4'), make('tcp4')];
    for (const client of clients) await client.connect(server.localAddress);
    const accepted = await Promise.all(pending);
    for (const { socket } of accepted) own(socket);
    expect(accepted.map(({ address }) => address)).toEqual(clients.map((one) => one.localAddress));
  });

  test('connect() that is refused says where', async () => {
    const port = refusingPort();
    const error = await rejection(make('tcp4').connect({ address: '127.0.0.1', port }));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', port });
    expect(error.message).toBe(`connect ECONNREFUSED 127.0.0.1:${port}`);
  });

  test('connect() of what is connected is EISCONN', async () => {
    const [client] = await connected();
    const error = await rejection(client.connect(client.remoteAddress as { path: string }));
    expect(error.code).toBe('EISCONN');
  });

  test('connect() waits for an answer, and a second one for the same', async () => {
    const server = listening('tcp4', 0);
    const clients: Socket[] = [];
    let first: Error & Record<string, unknown>;
    // Until the queue is full: then the kernel drops what comes, and the client asks again later.
    for (;;) {
      const client = make('tcp4');
      clients.push(client);
      const address = server.localAddress;
      const outcome = await client.connect(address, { timeoutMs: 20 }).then(
        () => null,
        (error: unknown) => error as typeof first,
      );
      if (outcome === null) continue;
      first = outcome;
      break;
    }
    expect(first).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect' });
    const second = clients.at(-1)?.connect(server.localAddress);
    for (let count = 1; count < clients.length; count++) own((await server.accept()).socket);
    await second;
    expect(clients.at(-1)?.remoteAddress).toEqual(server.localAddress);
  });

  test('connect() to a unix listener whose queue is full waits for room', async () => {
    const server = listening('unix', 0);
    await make('unix').connect(server.localAddress);
    const late = make('unix').connect(server.localAddress);
    const never = make('unix').connect(server.localAddress, { timeoutMs: 30 });
    expect((await rejection(never)).code).toBe('ETIMEDOUT');
    own((await server.accept()).socket);
    await late;
  });

  test('recv() waits for bytes, and gives none at the end', async () => {
    const [client, accepted] = await connected();
    const pending = accepted.recv(100);
    await turns();
    expect(await client.send(Buffer.from('Go Tigers!'))).toBe(10);
    expect((await pending).toString()).toBe('Go Tigers!');
    const end = accepted.recv(100);
    client.shutdown(c.SHUT_WR);
    expect(await end).toHaveLength(0);
  });

  test('what recv() gives is not what the next one gives', async () => {
    const [one, other] = pair();
    await one.send(Buffer.from('first'));
    const first = await other.recv(100);
    await one.send(Buffer.from('second'));
    const second = await other.recv(100);
    expect([String(first), String(second)]).toEqual(['first', 'second']);
    await one.sendAll(Buffer.alloc(100_000, 'x'));
    expect(await other.recv(100_000)).toEqual(Buffer.alloc(100_000, 'x'));
  });

  test('recv() with MSG_TRUNC of a stream shows no other bytes', async () => {
    const [client, accepted] = await connected();
    await client.send(Buffer.from('secret'));
    await accepted.recv(6);
    await client.send(Buffer.from('public'));
    expect(await accepted.recv(6, c.MSG_TRUNC)).toEqual(Buffer.alloc(6));
  });

  test('recv() takes flags as a number and among its options', async () => {
    const [one, other] = pair();
    await one.send(Buffer.from('abc'));
    expect(String(await other.recv(10, c.MSG_PEEK))).toBe('abc');
    expect(String(await other.recv(10, { flags: c.MSG_PEEK }))).toBe('abc');
    expect(String(await other.recv(10))).toBe('abc');
    expect((await rejection(other.recv(10, c.MSG_DONTWAIT))).code).toBe('EAGAIN');
    other.nonblocking = true;
    expect((await rejection(other.recv(10))).code).toBe('EAGAIN');
  });

  test('recvInto() fills the part of the buffer that it was given', async () => {
    const [one, other] = pair();
    const buffer = Buffer.alloc(8, '.');
    const pending = other.recvInto(buffer.subarray(2, 5));
    await one.send(Buffer.from('abcdef'));
    expect(await pending).toBe(3);
    expect(String(buffer)).toBe('..abc...');
  });

  test('recvInto() with MSG_WAITALL waits for all of it, and peeks as well', async () => {
    const [one, other] = pair();
    const peeked = Buffer.alloc(6);
    const buffer = Buffer.alloc(6);
    const pending = other.recvInto(peeked, c.MSG_PEEK | c.MSG_WAITALL);
    const taken = other.recvInto(buffer, c.MSG_WAITALL);
    for (const part of ['ab', 'cd', 'ef']) {
      await one.send(Buffer.from(part));
      await turns();
    }
    expect([await pending, await taken]).toEqual([6, 6]);
    expect([String(peeked), String(buffer)]).toEqual(['abcdef', 'abcdef']);
  });

  test('recvExact() waits for all bytes, and tells what came before the end', async () => {
    const [one, other] = pair();
    const whole = other.recvExact(6);
    await one.send(Buffer.from('abc'));
    await turns();
    await one.send(Buffer.from('defgh'));
    expect(String(await whole)).toBe('abcdef');
    const cut = rejection(other.recvExact(6));
    one.close();
    expect(await cut).toMatchObject({
      code: 'ENODATA',
      bytesTransferred: 2,
      received: Buffer.from('gh'),
    });
  });

  test('sendAll() sends what there was no room for, and nothing comes between', async () => {
    const [one, other] = pair();
    const parts = ['a', 'b', 'c'].map((letter) => Buffer.alloc(1_000_000, letter));
    const sent = Promise.all(parts.map((part) => one.sendAll(part)));
    const received = await other.recvExact(3_000_000);
    await sent;
    expect(received.equals(Buffer.concat(parts))).toBe(true);
    await one.sendAll('tigers');
    expect(String(await other.recv(100))).toBe('tigers');
  });

  test('send() waits for room, and others go on meanwhile', async () => {
    const [one, other] = pair();
    const total = await fill(one);
    const pending = one.send(Buffer.from('last'));
    await turns();
    await other.recvExact(total);
    expect(await pending).toBe(4);
    expect(String(await other.recv(100))).toBe('last');
  });

  test('one socket waits in both directions at once', async () => {
    const [one, other] = pair();
    const total = await fill(one);
    const received = one.recv(10);
    const sent = one.send(Buffer.from('out'));
    await other.send(Buffer.from('in'));
    expect(String(await received)).toBe('in');
    await other.recvExact(total);
    expect(await sent).toBe(3);
  });

  test('sendTo() and recvFrom() move datagrams, those without bytes too', async () => {
    const [one, other] = [make('udp4'), make('udp4')];
    for (const socket of [one, other]) socket.bind({ address: '127.0.0.1', port: 0 });
    const pending = [other.recvFrom(100), other.recvFrom(100)];
    expect(await one.sendTo(Buffer.from('ping'), other.localAddress)).toBe(4);
    expect(await one.sendTo(Buffer.alloc(0), other.localAddress)).toBe(0);
    const address = one.localAddress;
    expect(await Promise.all(pending)).toEqual([
      { data: Buffer.from('ping'), address },
      { data: Buffer.alloc(0), address },
    ]);
  });

  test('sendTo() waits while the addressee of a unix datagram is full', async () => {
    const [one, other] = [make('unixDgram'), make('unixDgram')];
    other.bind({ path: '' });
    const to = other.localAddress;
    let sent = 0;
    while ((await one.sendTo(Buffer.from('x'), to, c.MSG_DONTWAIT).catch(() => 0)) === 1) sent += 1;
    const pending = one.sendTo(Buffer.from('last'), to);
    await turns();
    for (let count = 0; count < sent; count++) await other.recvFrom(1);
    expect(await pending).toBe(4);
  });

  test('sendMsg() and recvMsg() move descriptors', async () => {
    const [one, other] = pair();
    const pending = other.recvMsg(100);
    const control = [{ type: 'rights', fds: [one.fd] }] as const;
    expect(await one.sendMsg({ data: [Buffer.from('a'), Buffer.from('b')], control })).toBe(2);
    const { data, control: received } = await pending;
    expect(String(data)).toBe('ab');
    expect(received).toMatchObject([{ type: 'rights' }]);
    for (const message of received) {
      if (message.type === 'rights')
        message.fds.forEach((fd) => {
          fs.closeSync(fd);
        });
    }
  });

  test('an error of the peer is that of the call which waits', async () => {
    const [client, accepted] = await connected();
    const pending = rejection(client.recv(10));
    accepted.setOption('linger', { on: true, seconds: 0 });
    accepted.close();
    expect(await pending).toMatchObject({ code: 'ECONNRESET', syscall: 'recv' });
  });

  test('iteration gives chunks to the end, datagrams and connections', async () => {
    const [one, other] = pair();
    void one.sendAll(Buffer.alloc(300_000, 'x')).then(() => {
      one.shutdown(c.SHUT_WR);
    });
    let total = 0;
    for await (const chunk of other) total += chunk.length;
    expect(total).toBe(300_000);

    const [from, to] = pair(c.SOCK_DGRAM);
    await from.send(Buffer.from('a'));
    await from.send(Buffer.from('b'));
    const seen: string[] = [];
    for await (const { data } of to.datagrams()) if (seen.push(String(data)) === 2) break;
    expect(seen).toEqual(['a', 'b']);
    expect(to.closed).toBe(false);

    const server = listening();
    const clients = [make('tcp4'), make('tcp4')];
    for (const client of clients) await client.connect(server.localAddress);
    const ports: number[] = [];
    for await (const { socket, address } of server.connections()) {
      own(socket);
      if (ports.push(ipName(address).port) === 2) break;
    }
    expect(ports).toEqual(clients.map((client) => ipName(client.localAddress).port));
    expect(server.closed).toBe(false);
  });

  const many = mayOpen(2300) ? test : testWhere(false, 'too few descriptors are allowed');
  many('a thousand sockets wait at once', async () => {
    const pairs = Array.from({ length: 1000 }, () => pair());
    const received = pairs.map(([, other]) => other.recv(100));
    await turns();
    await Promise.all(pairs.map(([one], index) => one.send(Buffer.from(String(index)))));
    expect((await Promise.all(received)).map(Number)).toEqual(pairs.map((_, index) => index));
  });

  test('blocking and asynchronous calls take turns on one descriptor', async () => {
    const [one, other] = pair();
    let asynchronous = other;
    for (const word of ['first', 'second']) {
      const pending = asynchronous.recv(100);
      await turns();
      await one.send(Buffer.from(word));
      expect(String(await pending)).toBe(word);
      await one.send(Buffer.from(word.toUpperCase()));
      const blocking = BlockingSocket.fromFd(asynchronous.detach());
      expect(String(blocking.recv(100))).toBe(word.toUpperCase());
      asynchronous = own(Socket.fromFd(blocking.detach()));
    }
  });
});
