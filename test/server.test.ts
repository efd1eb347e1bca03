// createServer: what a handler reads and sends.
import { once } from 'node:events';
import { constants as c, createServer, SocketError } from 'sockkit';
import * as sys from 'sockkit/sys';
import { rejection } from './helpers/async-sockets.js';
import { alphanumerics } from './helpers/messages.js';
import { countSockets, failure } from './helpers/net.js';
import { eventually } from './helpers/proc.js';
import {
  closeStreamServers,
  connect,
  echo,
  exchange,
  handed,
  received,
  serve,
} from './helpers/stream-servers.js';

let socketsBefore = 0;
beforeEach(() => {
  socketsBefore = countSockets();
});
afterEach(async () => {
  await closeStreamServers();
  await eventually('every socket is closed', () => countSockets() <= socketsBefore);
});

const MIB = 2 ** 20;

describe.each([{ lend: false }, { lend: true }])('an echo with %j', (options) => {
  test.each([0, 1, 1023, 1024, 1025, 65536, 5_000_000])('%i bytes', async (size) => {
    const { port } = await serve(echo, options);
    const data = alphanumerics(size);
    const back = await exchange(port, data);
    expect(back instanceof Buffer && back.equals(data)).toBe(true);
  });

  test('300 connections at once, each sent its own, in pieces', async () => {
    const { server, port } = await serve(echo, options);
    const clients = await Promise.all(Array.from({ length: 300 }, () => connect(port)));
    const answers = clients.map(received);
    for (let piece = 0; piece < 10; piece++) {
      clients.forEach((client, index) => client.write(`${index}:${piece};`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const client of clients) client.end();
    const texts = await Promise.all(answers);
    texts.forEach((text, index) => {
      const expected = Array.from({ length: 10 }, (_, piece) => `${index}:${piece};`).join('');
      expect(text.toString()).toBe(expected);
    });
    await eventually('all are gone', () => server.connections === 0);
    expect(server.stats()).toMatchObject({ connections: 300, open: 0, memoryBytes: 0 });
  });
});

test('chunks are yours to keep', async () => {
  const kept: Buffer[] = [];
  const { server, port } = await serve(async (connection) => {
    for await (const chunk of connection) kept.push(chunk);
    expect(connection.bytesReceived).toBe(3 * MIB);
  });
  const data = alphanumerics(3 * MIB);
  expect(await exchange(port, data)).toEqual(Buffer.alloc(0));
  await eventually('it is gone', () => server.connections === 0);
  expect(Buffer.concat(kept).equals(data)).toBe(true);
});

test('a lent chunk is gone after the next read, large or small', async () => {
  const lengths: number[] = [];
  const { port } = await serve(
    async (connection) => {
      let before: Buffer | null = null;
      for await (const chunk of connection) {
        if (before !== null) lengths.push(before.length, before.buffer.byteLength);
        before = chunk;
        await connection.sendAll(chunk);
      }
      lengths.push(before?.length ?? -1);
    },
    { lend: true },
  );
  const client = await connect(port);
  for (const size of [10, 500_000, 20]) {
    const done = once(client, 'readable');
    client.write(Buffer.alloc(size, 'x'));
    await done;
    for (let left = size; left > 0;) {
      const got = client.read() as Buffer | null;
      left -= got?.length ?? 0;
      if (got === null) await once(client, 'readable');
    }
  }
  const answer = received(client);
  client.end();
  await answer;
  expect(lengths.length).toBeGreaterThan(6);
  expect(new Set(lengths)).toEqual(new Set([0]));
});

test('recvExact, over and within chunks', async () => {
  const { port } = await serve(async (connection) => {
    const parts = [];
    for (const size of [3, 0, 100_000, 2]) parts.push(await connection.recvExact(size));
    parts.push((await connection.recv()) ?? Buffer.from('none'));
    await connection.sendAll(Buffer.concat(parts));
    const error = await rejection(connection.recvExact(5));
    expect(error).toMatchObject({ code: 'ENODATA', bytesTransferred: 2, syscall: 'recv' });
    expect((error.received as Buffer).toString()).toBe('ab');
    await connection.sendAll('!');
  });
  const data = alphanumerics(100_010);
  const client = await connect(port);
  client.write(data);
  const answer = received(client);
  await once(client, 'data');
  client.end('ab');
  expect((await answer).toString()).toBe(`${data.toString()}!`);
});

test.each([{ lend: false }, { lend: true }])('readLine with %j', async (options) => {
  const lines: (string | null)[] = [];
  const { port } = await serve(async (connection) => {
    for (;;) {
      const line = await connection.readLine();
      lines.push(line);
      if (line === null) return;
    }
  }, options);
  const long = 'x'.repeat(60_000);
  const client = await connect(port);
  const answer = received(client);
  for (const piece of ['one\n', '\r\ntw', 'o\r', '\n', `${long}\nlast`, ' one']) {
    client.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.end();
  await answer;
  expect(lines).toEqual(['one', '', 'two', long, 'last one', null]);
});

test('a line that is too long stays where it is', async () => {
  const { port } = await serve(async (connection) => {
    const error = await rejection(connection.readLine({ maxBytes: 5 }));
    expect(error).toMatchObject({ code: 'EMSGSIZE', syscall: 'recv' });
    const all = [];
    for await (const chunk of connection) all.push(chunk);
    await connection.sendAll(Buffer.concat(all));
  });
  expect((await exchange(port, '123456\nx')).toString()).toBe('123456\nx');
});

test('reads that are not awaited come in their order', async () => {
  const { port } = await serve(async (connection) => {
    const parts = await Promise.all([
      connection.recvExact(2),
      connection.readLine(),
      connection.recvExact(3),
      connection.recv(),
      connection.recv(),
    ]);
    await connection.sendAll(parts.map(String).join('|'));
  });
  const client = await connect(port);
  const answer = received(client);
  for (const byte of 'abcd\nefgh') {
    client.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.end();
  expect((await answer).toString()).toMatch(/^ab\|cd\|efg\|h\|null$/);
});

test('send tells what the system took, and sends wait for each other', async () => {
  const { handler, next } = handed();
  const { port } = await serve(handler);
  const client = await connect(port);
  client.pause();
  const connection = await next();
  // More than the system's buffers, of which some are large.
  const large = Buffer.alloc(64 * MIB, 'no power of two ');
  const count = await connection.send(large);
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(large.length);
  expect(connection.bytesSent).toBe(count);
  const rest = connection.sendAll(large.subarray(count));
  const after = connection.sendAll('after');
  expect(connection.bytesUnsent).toBeGreaterThan(0);
  const nothing = connection.send(Buffer.alloc(0));
  const answer = received(client);
  await Promise.all([rest, after, connection.shutdown()]);
  expect(connection.bytesUnsent).toBe(0);
  expect(await nothing).toBe(0);
  const all = Buffer.from(await answer);
  expect(all.length).toBe(large.length + 5);
  expect(all.subarray(0, large.length).equals(large)).toBe(true);
  expect(await rejection(connection.sendAll('more'))).toMatchObject({ code: 'EPIPE' });
  client.end('still');
  expect((await connection.recv())?.toString()).toBe('still');
  expect(await connection.recv()).toBeNull();
});

test('what is no data is refused', async () => {
  const { handler, next } = handed();
  const { port } = await serve(handler);
  await connect(port);
  const connection = await next();
  for (const bad of [5, null, undefined, {}, [1], new SharedArrayBuffer(4)]) {
    const error = await rejection(connection.sendAll(bad as never));
    expect([error.name, error.code]).toEqual(['TypeError', 'ERR_INVALID_ARG_TYPE']);
    expect((await rejection(connection.send(bad as never))).code).toBe('ERR_INVALID_ARG_TYPE');
  }
  const detached = new Uint8Array(10);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  expect((await rejection(connection.sendAll(detached))).code).toBe('ERR_INVALID_ARG_TYPE');
  for (const size of [-1, 1.5, NaN, '3']) {
    expect((await rejection(connection.recvExact(size as never))).code).toMatch(/^ERR_/);
    expect((await rejection(connection.readLine({ maxBytes: size as never }))).code).toMatch(
      /^ERR/,
    );
  }
});

test('a buffer that is taken away while it waits', async () => {
  const { handler, next } = handed();
  const { port } = await serve(handler);
  (await connect(port)).pause();
  const connection = await next();
  const large = new Uint8Array(64 * MIB);
  const waiting = connection.sendAll(large);
  structuredClone(large.buffer, { transfer: [large.buffer] });
  connection.sendAll('x').catch(() => undefined);
  const error = connection.send(Buffer.from('y'));
  connection.reset();
  expect((await rejection(waiting)).code).toBe('ERR_SOCKET_CLOSED');
  expect((await rejection(error)).code).toBe('ERR_SOCKET_CLOSED');
});

describe('backpressure', () => {
  test('who is not read cannot send on, and memory stays as it is', async () => {
    const { handler, next } = handed();
    const { server, port } = await serve(handler);
    const client = await connect(port);
    const TOTAL = 128 * MIB;
    const chunk = Buffer.alloc(MIB, 'x');
    const sent = { bytes: 0 };
    const send = (): void => {
      client.write(chunk, () => {
        sent.bytes += chunk.length;
        if (sent.bytes < TOTAL) send();
      });
    };
    send();
    const connection = await next();
    // TCP's own buffers take some; more than those it is not.
    let before = -1;
    await eventually('nothing goes any more', () => {
      const still = server.stats().bytesIn === before && before > 0;
      before = server.stats().bytesIn;
      return still;
    });
    expect(sent.bytes).toBeLessThan(TOTAL / 2);
    expect(server.stats().memoryBytes).toBeLessThanOrEqual(4 * 65536);
    let total = 0;
    while (total < TOTAL) total += (await connection.recv())?.length ?? 0;
    expect(total).toBe(TOTAL);
  });

  test('a peer that does not read holds up its own handler alone', async () => {
    const answer = Buffer.alloc(64 * MIB, 'x');
    const { server, port } = await serve(async (connection) => {
      await connection.sendAll(answer.subarray(0, Number(await connection.readLine())));
    });
    const slow = await Promise.all(Array.from({ length: 5 }, () => connect(port)));
    for (const client of slow) {
      client.pause();
      client.write(`${answer.length}\n`);
    }
    for (let round = 0; round < 20; round++) {
      expect(await exchange(port, '5\n')).toEqual(Buffer.from('xxxxx'));
    }
    expect(server.connections).toBeGreaterThanOrEqual(5);
    // What they have been waiting for comes when they read.
    const [first] = slow;
    if (first === undefined) throw new Error('no client');
    expect((await received(first)).length).toBe(answer.length);
  });
});

test('a loop of reads and sends that never wait leaves others their turn', async () => {
  let rounds = 0;
  const { port } = await serve(async (connection) => {
    const chunk = Buffer.from('x');
    const more = () => connection.bytesReceived < 5;
    void connection.recvExact(5);
    for (; more(); rounds++) await connection.sendAll(chunk);
  });
  const client = await connect(port);
  client.resume();
  await once(client, 'data');
  client.write('hello');
  await eventually('the loop has ended', () => rounds > 0 && client.readableEnded);
});

describe('addresses', () => {
  test('of both sides, and the descriptor', async () => {
    const { handler, next } = handed();
    const { port } = await serve(handler);
    const client = await connect(port);
    const connection = await next();
    const { localPort } = client;
    expect(connection.remoteAddress).toEqual({
      ...{ family: 'IPv4', address: '127.0.0.1', port: localPort },
    });
    expect(connection.localAddress).toEqual({ family: 'IPv4', address: '127.0.0.1', port });
    expect(sys.getpeername(connection.fd)).toEqual(connection.remoteAddress);
    expect(sys.getsockopt(connection.fd, c.SOL_SOCKET, c.SO_TYPE)).toBe(c.SOCK_STREAM);
    const gone = connection.close();
    client.destroy();
    await gone;
    expect(connection.fd).toBe(-1);
    expect(connection.localAddress).toMatchObject({ port });
    expect(connection.closed).toBe(true);
  });
});

test('options and handlers that are none', () => {
  const bad = (options: unknown) =>
    failure(() => createServer(options as never, () => undefined)).code;
  expect(bad(null)).toBe('ERR_INVALID_ARG_TYPE');
  expect(bad({ maxConnections: 0 })).toBe('ERR_OUT_OF_RANGE');
  expect(bad({ idleTimeoutMs: '5' })).toBe('ERR_INVALID_ARG_TYPE');
  expect(bad({ whenFull: 'drop' })).toBe('ERR_INVALID_ARG_VALUE');
  expect(bad({ lend: 1 })).toBe('ERR_INVALID_ARG_TYPE');
  expect(bad({ memoryBytes: 10 })).toBe('ERR_OUT_OF_RANGE');
  expect(failure(() => createServer({} as never)).code).toBe('ERR_INVALID_ARG_TYPE');
  expect(SocketError.name).toBe('SocketError');
});
