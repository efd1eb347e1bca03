// createServer: how connections, servers and programs end.
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { createServer, Socket } from 'sockkit';
import * as sys from 'sockkit/sys';
import { rejection } from './helpers/async-sockets.js';
import { ipName, listener, testIPv6 } from './helpers/net.js';
import { countSockets, tempDir, cleanUp } from './helpers/net.js';
import { eventually, openFiles } from './helpers/proc.js';
import { run, stopAll } from './helpers/run.js';
import { startThread, stopThreads } from './helpers/workers.js';
import {
  closeStreamServers,
  connect,
  echo,
  exchange,
  handed,
  makeStreamServer,
  received,
  serve,
} from './helpers/stream-servers.js';

const { constants: c } = sys;
const ROOT = path.resolve(__dirname, '..');

let socketsBefore = 0;
beforeEach(() => {
  socketsBefore = countSockets();
});
afterEach(async () => {
  await closeStreamServers();
  await stopThreads();
  await stopAll();
  cleanUp();
  await eventually('every socket is closed', () => countSockets() <= socketsBefore);
});

describe('a connection ends', () => {
  test('when its handler does: what was sent arrives, also where not all was read', async () => {
    const { port } = await serve(async (connection) => {
      await connection.recv();
      void connection.sendAll(Buffer.alloc(3_000_000, 'x'));
    });
    const client = await connect(port);
    const answer = received(client);
    client.write(Buffer.alloc(200_000, 'q'));
    expect((await answer).length).toBe(3_000_000);
    client.end();
  });

  test('and where the peer does not end, it is left after a while', async () => {
    const { server, port } = await serve(() => undefined);
    const client = await connect(port);
    expect(await received(client)).toEqual(Buffer.alloc(0));
    await eventually('it is gone', () => server.connections === 0);
    expect(client.destroyed).toBe(false);
  });

  test('by a reset where its handler throws, and the server goes on', async () => {
    const { server, port } = await serve(async (connection) => {
      const line = await connection.readLine();
      if (line === 'throw') throw new Error('as asked');
      await connection.sendAll(line ?? '');
    });
    const told = once(server, 'connectionError');
    const client = await connect(port);
    const answer = received(client);
    client.write('throw\n');
    expect(await answer).toBe('ECONNRESET');
    const [error, connection] = (await told) as [Error, { closed: boolean }];
    expect([error.message, connection.closed]).toEqual(['as asked', true]);
    expect((await exchange(port, 'fine\n')).toString()).toBe('fine');
  });

  test('a handler that throws at once is the same; without a listener it is a warning', async () => {
    const program = `
      const server = require('sockkit').createServer(() => {
        throw new Error('at once');
      });
      server.listen({ port: 0, host: '127.0.0.1' }).then(({ port }) => {
        const client = require('node:net').connect(port, '127.0.0.1');
        client.on('error', ({ code }) => console.log(code)).on('close', () => server.close());
      });`;
    const { code, stdout, stderr } = await run(process.execPath, ['-e', program], { cwd: ROOT });
    expect([code, stdout.toString()]).toEqual([0, 'ECONNRESET\n']);
    expect(stderr).toMatch(/^\(node:\d+\) Error: at once\n/);
  });

  test('when the peer resets it: a read fails', async () => {
    const { server, port } = await serve(echo);
    const told = once(server, 'connectionError');
    const client = await connect(port);
    client.write('x');
    await once(client, 'data');
    const { localPort } = client;
    client.resetAndDestroy();
    const [error] = (await told) as [Error];
    expect(error).toMatchObject({
      ...{ code: 'ECONNRESET', syscall: 'recv', address: '127.0.0.1', port: localPort },
    });
    await eventually('it is gone', () => server.connections === 0);
  });

  test('by close(): reads end, sends fail, and it is no error', async () => {
    const { handler, next } = handed();
    const { server, port } = await serve(handler);
    const errors: unknown[] = [];
    server.on('connectionError', (error) => errors.push(error));
    const client = await connect(port);
    const connection = await next();
    const reading = connection.recv();
    const sent = connection.sendAll('last');
    const closed = connection.close();
    expect(connection.close()).toBe(closed);
    expect(await reading).toBeNull();
    await sent;
    expect(await connection.recv()).toBeNull();
    expect((await exchangeEnd(client)).toString()).toBe('last');
    await closed;
    expect((await rejection(connection.sendAll('x'))).code).toBe('ERR_SOCKET_CLOSED');
    expect((await rejection(connection.send(Buffer.from('x')))).code).toBe('ERR_SOCKET_CLOSED');
    connection.reset();
    await connection.shutdown();
    expect(server.connections).toBe(0);
    expect(errors).toEqual([]);
  });

  test('by reset()', async () => {
    const { handler, next } = handed();
    const { server, port } = await serve(handler);
    const client = await connect(port);
    const answer = received(client);
    (await next()).reset();
    expect(await answer).toBe('ECONNRESET');
    await eventually('it is gone', () => server.connections === 0);
  });

  test('leaving a loop does not end it', async () => {
    const { port } = await serve(async (connection) => {
      for await (const chunk of connection) {
        await connection.sendAll(chunk);
        break;
      }
      for await (const chunk of connection) await connection.sendAll(`again ${chunk.toString()}`);
    });
    const client = await connect(port);
    client.write('one');
    await once(client, 'data');
    const answer = received(client);
    client.end('two');
    expect((await answer).toString()).toMatch(/again two$/);
  });

  test('when nothing comes for idleTimeoutMs, or nothing can be sent', async () => {
    const { server, port } = await serve(
      async (connection) => {
        const line = await connection.readLine();
        if (line === 'send') await connection.sendAll(Buffer.alloc(40_000_000));
        else await connection.recv();
      },
      { idleTimeoutMs: 150 },
    );
    const errors: unknown[] = [];
    server.on('connectionError', (error: unknown) => {
      errors.push((error as Error).message);
    });
    const silent = await connect(port);
    const answer = received(silent);
    expect(await answer).toBe('ECONNRESET');
    const unread = await connect(port);
    unread.pause();
    unread.write('send\n');
    await eventually('both have ended', () => errors.length === 2);
    expect(errors.map((text) => (text as string).split(' ').slice(0, 2).join(' '))).toEqual([
      ...['recv ETIMEDOUT', 'send ETIMEDOUT'],
    ]);
  });
});

/** What comes to a client that ends when the other side does. */
function exchangeEnd(client: Awaited<ReturnType<typeof connect>>) {
  client.on('end', () => client.end());
  return received(client);
}

describe('a server', () => {
  test('close() accepts no more and lets handlers finish', async () => {
    const { server, port } = await serve(echo);
    const client = await connect(port);
    client.write('x');
    await once(client, 'data');
    const closed = server.close();
    expect(server.close()).toBe(closed);
    expect(server.address()).toBeNull();
    const late = await rejection(connect(port));
    expect(late.code).toBe('ECONNREFUSED');
    const answer = received(client);
    client.end('still');
    expect((await answer).toString()).toBe('still');
    await closed;
    expect(server.stats().threads).toBe(0);
  });

  test('close({ force: true }) ends handlers, also after close()', async () => {
    const ends: string[] = [];
    const { server, port } = await serve(async (connection) => {
      for await (const chunk of connection) await connection.sendAll(chunk);
      ends.push('read to the end');
    });
    const errors: unknown[] = [];
    server.on('connectionError', (error) => errors.push(error));
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(port)));
    const answers = clients.map(received);
    await eventually('all are served', () => server.connections === 20);
    void server.close();
    await server.close({ force: true });
    expect([server.connections, server.stats().open]).toEqual([0, 0]);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['ECONNRESET']));
    await eventually('handlers are done', () => ends.length === 20);
    expect(errors).toEqual([]);
  });

  test('before listen(), during listen(), and twice', async () => {
    const server = makeStreamServer(echo);
    await server.close();
    await expect(server.listen({ port: 0 })).rejects.toThrow('closed already');
    const other = makeStreamServer(echo);
    const listening = other.listen({ port: 0, host: 'localhost' });
    await other.close();
    await expect(listening).rejects.toThrow('closed while it began to listen');
    const third = makeStreamServer(echo);
    await third.listen({ port: 0, host: '127.0.0.1' });
    await expect(third.listen({ port: 0 })).rejects.toThrow('listening already');
    await third[Symbol.asyncDispose]();
  });

  test('a port in use is told, and another can be tried', async () => {
    const { port } = await serve(echo);
    const server = makeStreamServer(echo);
    const error = await rejection(server.listen({ port, host: '127.0.0.1' }));
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind' });
    await server.listen({ port: 0, host: '127.0.0.1' });
  });

  test('whenFull: wait, or close at once', async () => {
    for (const whenFull of ['wait', 'close'] as const) {
      const { server, port } = await serve(echo, { maxConnections: 2, whenFull });
      const [one] = await Promise.all([connect(port), connect(port)]);
      await eventually('both are served', () => server.connections === 2);
      const third = await connect(port);
      const answer = received(third);
      if (whenFull === 'close') {
        expect(await answer).toEqual(Buffer.alloc(0));
        expect(server.stats().refused).toBe(1);
      } else {
        third.write('x');
        expect(server.connections).toBe(2);
      }
      one.end();
      await eventually('there is room', () => server.connections === (whenFull === 'wait' ? 2 : 1));
      if (whenFull === 'wait') {
        third.end('y');
        expect((await answer).toString()).toBe('xy');
      } else {
        expect((await exchange(port, 'y')).toString()).toBe('y');
      }
    }
  });

  test('out of descriptors: it warns, waits, and goes on', async () => {
    const program = `
      const { constants: c, createServer, Socket } = require('sockkit');
      const { openSync, closeSync } = require('node:fs');
      const server = createServer(async (connection) => {
        for await (const chunk of connection) await connection.sendAll(chunk);
      });
      server.on('warning', ({ kind, error }) => {
        for (const fd of hogs) closeSync(fd);
        console.log(kind, error.code);
        const stream = client.toNetSocket().on('data', (data) => console.log(String(data)));
        stream.on('close', () => server.close()).end('hello');
      });
      const hogs = [];
      const client = new Socket(c.AF_INET, c.SOCK_STREAM);
      server.listen({ port: 0, host: '127.0.0.1' }).then((address) => {
        try {
          for (;;) hogs.push(openSync('/dev/null'));
        } catch {
          client.connect(address);
        }
      });`;
    const limited = `ulimit -n 64; exec ${process.execPath} -e "$0"`;
    const { code, stdout, stderr } = await run('sh', ['-c', limited, program], { cwd: ROOT });
    expect([code, stderr, stdout.toString()]).toEqual([0, '', 'accept EMFILE\nhello\n']);
  });
});

describe('listens', () => {
  test('on all interfaces: an IPv4 client is shown as IPv4', async () => {
    const { handler, next } = handed();
    const server = makeStreamServer(handler);
    const address = await server.listen({ port: 0 });
    await connect(ipName(address).port);
    expect((await next()).remoteAddress).toMatchObject({ family: 'IPv4', address: '127.0.0.1' });
    expect((await rejection(connect({ port: 1, host: '127.0.0.1' }))).code).toBe('ECONNREFUSED');
  });

  testIPv6('on IPv6 alone', async () => {
    const { handler, next } = handed();
    const server = makeStreamServer(handler);
    const { port } = ipName(await server.listen({ port: 0, host: '::1' }));
    await connect({ port, host: '::1' });
    expect((await next()).remoteAddress).toMatchObject({ family: 'IPv6', address: '::1' });
    expect((await rejection(connect(port))).code).toBe('ECONNREFUSED');
  });

  test('on a unix path, which goes with it', async () => {
    const file = path.join(tempDir(), 'socket');
    const server = makeStreamServer(echo);
    expect(await server.listen({ path: file })).toEqual({ family: 'unix', path: file });
    const data = Buffer.alloc(300_000, 'u');
    expect(Buffer.from(await exchange({ path: file }, data)).equals(data)).toBe(true);
    await server.close();
    expect((await rejection(connect({ path: file }))).code).toBe('ENOENT');
  });

  test('on a unix path for records, which stay whole', async () => {
    const server = makeStreamServer(echo);
    const file = path.join(tempDir(), 'socket');
    await server.listen({ path: file, type: 'seqpacket' });
    const { Socket: Promised } = await import('sockkit/promises');
    const client = new Promised(c.AF_UNIX, c.SOCK_SEQPACKET);
    await client.connect({ path: file });
    for (const size of [1, 1024, 65_536, 100_000]) {
      await client.sendAll(Buffer.alloc(size, 'r'));
      expect(await client.recv(200_000)).toHaveLength(size);
    }
    client.close();
    await expect(
      makeStreamServer(echo).listen({ path: file, type: 'dgram' as never }),
    ).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('on a descriptor that listens already', async () => {
    const socket = new Socket(c.AF_INET, c.SOCK_STREAM);
    socket.bind({ address: '127.0.0.1', port: 0 });
    const server = makeStreamServer(echo);
    const refused = await rejection(server.listen({ fd: socket.fd }));
    expect(refused.code).toBe('ERR_INVALID_ARG_VALUE');
    socket.listen(5);
    const { port } = ipName(await server.listen({ fd: socket.detach() }));
    expect((await exchange(port, 'x')).toString()).toBe('x');
    const none = fs.openSync('/dev/null', 'r');
    try {
      const refusedFile = await rejection(makeStreamServer(echo).listen({ fd: none }));
      expect(refusedFile.code).toBe('ENOTSOCK');
    } finally {
      fs.closeSync(none);
    }
  });

  test('at the same port as another, with reusePort', async () => {
    const one = makeStreamServer(echo, { reusePort: true });
    const { port } = ipName(await one.listen({ port: 0, host: '127.0.0.1' }));
    const other = makeStreamServer(echo, { reusePort: true });
    await other.listen({ port, host: '127.0.0.1' });
    for (let i = 0; i < 20; i++) expect((await exchange(port, 'x')).toString()).toBe('x');
    expect(one.stats().connections + other.stats().connections).toBe(20);
    const third = await rejection(makeStreamServer(echo).listen({ port, host: '127.0.0.1' }));
    expect(third.code).toBe('EADDRINUSE');
  });
});

describe('programs', () => {
  const runJs = (code: string) => run(process.execPath, ['-e', code], { cwd: ROOT });

  test('one that has a server stays, unref() lets it go', async () => {
    const listening = `
      const { createServer } = require('sockkit');
      const server = createServer(() => {});
      server.listen({ port: 0 }).then(() => {`;
    const left = await runJs(`${listening} server.unref(); console.log('unref'); });`);
    expect([left.code, left.stdout.toString(), left.stderr]).toEqual([0, 'unref\n', '']);
    const closed = await runJs(`${listening} setTimeout(() => server.close(), 300).unref(); });
      process.on('exit', () => console.log(server.address()));`);
    expect([closed.code, closed.stdout.toString()]).toEqual([0, 'null\n']);
  });

  // The handler holds the event loop while others send, and then the program ends in its midst.
  const ending = (how: string) => `
    const { createServer } = require('sockkit');
    const net = require('node:net');
    const { Worker, isMainThread, workerData } = require('node:worker_threads');
    const CLIENTS = 30;
    let come = 0;
    const server = createServer({ backlog: 512 }, async (connection) => {
      await connection.recv();
      if (++come < CLIENTS / 2) await connection.sendAll('x'.repeat(100000));
      else {
        for (const until = Date.now() + 30; Date.now() < until; );
        ${how}
      }
    });
    server.listen({ port: 0, host: '127.0.0.1' }).then(({ port }) => {
      for (let i = 0; i < CLIENTS; i++) {
        const client = net.connect(port, '127.0.0.1', () => client.write('y'.repeat(50000)));
        client.on('error', () => {});
      }
    });`;
  // test/long/server-endings.test.ts has it do more.
  const ROUNDS = Number(process.env.SOCKKIT_ENDINGS ?? 4);
  const LONGEST_MS = 60_000 + ROUNDS * 5000;

  test(
    'process.exit()',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { code, stderr } = await runJs(ending('process.exit(7)'));
        expect([code, stderr]).toEqual([7, '']);
      }
    },
    LONGEST_MS,
  );

  test(
    'an uncaught throw',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { code, stderr } = await runJs(
          ending("process.nextTick(() => { throw new Error('uncaught'); })"),
        );
        expect([code, stderr]).toEqual([1, expect.stringContaining('Error: uncaught')]);
      }
    },
    LONGEST_MS,
  );

  test(
    'a worker that is terminated, or ends itself',
    async () => {
      const threadCode = `
      const server = sockkit.createServer({ backlog: 512 }, async (connection) => {
        for await (const chunk of connection) await connection.sendAll(chunk);
      });
      server.listen({ port: 0, host: '127.0.0.1' }).then(({ port }) => say(port));`;
      const before = openFiles('self');
      for (let round = 0; round < ROUNDS; round++) {
        const thread = startThread(threadCode);
        const port = (await thread.said()) as number;
        const clients = await Promise.all(Array.from({ length: 20 }, () => connect(port)));
        for (const client of clients) client.write(Buffer.alloc(round * 30_000, 'x'));
        if (round % 2 === 0 && round > 0) await once(clients[0] as never, 'data');
        await thread.worker.terminate();
        for (const client of clients) {
          client.destroy();
          if (!client.closed) await once(client, 'close');
        }
      }
      await eventually('nothing is left open', () => openFiles('self') <= before);
    },
    LONGEST_MS,
  );

  test('several servers, in several threads', async () => {
    const threadCode = `
      const make = () => sockkit.createServer(async (connection) => {
        for await (const chunk of connection) await connection.sendAll(chunk);
      });
      const servers = [make(), make()];
      Promise.all(servers.map((one) => one.listen({ port: 0, host: '127.0.0.1' }))).then((all) => {
        say(all.map(({ port }) => port));
      });
      parentPort.once('message', async () => {
        await Promise.all(servers.map((one) => one.close()));
        say(servers.map((one) => one.stats().connections));
      });`;
    const threads = [1, 2, 3].map(() => startThread(threadCode));
    const ports = (await Promise.all(threads.map((thread) => thread.said()))) as number[][];
    const answers = await Promise.all(
      ports.flat().flatMap((port) => [exchange(port, `to ${port}`), exchange(port, `at ${port}`)]),
    );
    expect(answers.map(String)).toEqual(
      ports.flat().flatMap((port) => [`to ${port}`, `at ${port}`]),
    );
    for (const { worker } of threads) worker.postMessage('end');
    expect(await Promise.all(threads.map((thread) => thread.said()))).toEqual(
      threads.map(() => [2, 2]),
    );
    expect(await Promise.all(threads.map((thread) => thread.ended))).toEqual([0, 0, 0]);
  });

  test('two threads that share a listener', async () => {
    const { fd, port } = listener();
    const threadCode = `
      const server = sockkit.createServer((connection) => connection.sendAll('thread'));
      server.listen({ fd: sys.dup(data) }).then(() => say('listens'));`;
    const threads = [1, 2].map(() => startThread(threadCode, fd));
    await Promise.all(threads.map((thread) => thread.said()));
    for (let i = 0; i < 10; i++) {
      const client = await connect(port);
      expect(String(await exchangeEnd(client))).toBe('thread');
    }
  });
});

test('a handler may be all there is', async () => {
  const server = createServer((connection) => connection.sendAll('hello'));
  const { port } = ipName(await server.listen({ port: 0, host: '127.0.0.1' }));
  expect(String(await exchangeEnd(await connect(port)))).toBe('hello');
  await server.close();
});
