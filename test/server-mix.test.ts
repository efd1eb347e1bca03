// createServer: peers of all sorts at once, a handler that holds the event loop, idle ones in a loop.
import { once } from 'node:events';
import { available, run, stopAll } from './helpers/run.js';
import { alphanumerics } from './helpers/messages.js';
import { cleanUp, countSockets } from './helpers/net.js';
import { eventually, openFiles, threadCount } from './helpers/proc.js';
import {
  closeStreamServers,
  connect,
  exchange,
  received,
  serve,
} from './helpers/stream-servers.js';
import { startThread, stopThreads } from './helpers/workers.js';

const MIB = 2 ** 20;

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

test('slow readers, resets, half-closes and idle ones beside fast ones', async () => {
  const { server, port } = await serve(async (connection) => {
    for await (const chunk of connection) await connection.sendAll(chunk);
  });
  server.on('connectionError', () => undefined);
  // One first, for what is made once.
  await exchange(port, 'x');
  await eventually('it is gone', () => server.connections === 0);
  const before = { files: openFiles('self'), threads: threadCount('self') };
  const start = server.stats();

  const idle = await Promise.all(Array.from({ length: 20 }, () => connect(port)));
  const slow = await Promise.all(Array.from({ length: 5 }, () => connect(port)));
  // More than the buffers of both ends of both ways hold.
  const large = alphanumerics(32 * MIB);
  for (const client of slow) {
    client.pause();
    client.end(large);
  }
  const data = alphanumerics(50_000);
  const resets = Array.from({ length: 20 }, async () => {
    const client = await connect(port);
    client.write('part');
    await once(client, 'data');
    client.resetAndDestroy();
    await once(client, 'close');
  });
  const fast = Array.from({ length: 60 }, async () => {
    const answer = await exchange(port, data);
    return Buffer.from(answer).equals(data);
  });
  expect(new Set(await Promise.all(fast))).toEqual(new Set([true]));
  await Promise.all(resets);
  // All that while the slow ones have been held up, and memory with them.
  await eventually('idle and slow ones are left', () => server.connections === 25);
  expect(server.stats().memoryBytes).toBeLessThanOrEqual(8 * MIB);
  for (const client of slow) {
    const answer = Buffer.from(await received(client));
    expect([answer.length, answer.equals(large)]).toEqual([large.length, true]);
  }
  const ends = idle.map(received);
  for (const client of idle) client.end();
  expect(new Set((await Promise.all(ends)).map((answer) => answer.length))).toEqual(new Set([0]));
  await eventually('all are gone', () => server.connections === 0);

  const { bytesIn, bytesOut, memoryBytes, connections } = server.stats();
  const bytes = 5 * large.length + 60 * data.length + 20 * 'part'.length;
  expect({
    memoryBytes,
    connections: connections - start.connections,
    bytesIn: bytesIn - start.bytesIn,
    bytesOut: bytesOut - start.bytesOut,
  }).toEqual({ memoryBytes: 0, connections: 105, bytesIn: bytes, bytesOut: bytes });
  await server.close();
  await eventually('descriptors and threads are as before', () => {
    return openFiles('self') <= before.files && threadCount('self') <= before.threads;
  });
});

const python = available('python3') ? test : test.skip;
if (!available('python3')) console.warn('skipped: a blocked event loop, there is no python3');

// The clients are another program, as the event loop here is held.
const SENDERS = `
import hashlib, socket, sys
clients = [socket.create_connection(('127.0.0.1', int(sys.argv[1]))) for _ in range(100)]
message = lambda number: hashlib.shake_128(b'%d' % number).digest(20000)
for number, client in enumerate(clients):
    client.sendall(message(number))
    client.shutdown(socket.SHUT_WR)
for number, client in enumerate(clients):
    answer = b''
    while chunk := client.recv(65536): answer += chunk
    assert answer == message(number), f'{number}: {len(answer)} bytes'
print('all')
`;

python('a handler holds the event loop for 2 s while 100 send: all of it arrives', async () => {
  let held = false;
  const { server, port } = await serve(async (connection) => {
    if (!held) {
      held = true;
      for (const until = Date.now() + 2000; Date.now() < until;);
    }
    for await (const chunk of connection) await connection.sendAll(chunk);
  });
  const { code, stdout, stderr } = await run('python3', ['-c', SENDERS, String(port)]);
  expect([code, stderr, stdout.toString()]).toEqual([0, '', 'all\n']);
  await eventually('all are gone', () => server.connections === 0);
  const { bytesIn, bytesOut, memoryBytes } = server.stats();
  expect([held, bytesIn, bytesOut, memoryBytes]).toEqual([true, 2_000_000, 2_000_000, 0]);
});

test('idleTimeoutMs ends a loop of reads, after what has come', async () => {
  const got: string[] = [];
  let ended: unknown = null;
  const { server, port } = await serve(
    async (connection) => {
      try {
        for await (const chunk of connection) got.push(chunk.toString());
      } catch (error) {
        ended = error;
        throw error;
      }
    },
    // Long enough for the client to have its turn on a busy machine.
    { idleTimeoutMs: 1500 },
  );
  const told = once(server, 'connectionError');
  const client = await connect(port);
  const { localPort } = client;
  const answer = received(client);
  client.write('something');
  expect(await answer).toBe('ECONNRESET');
  const [error] = (await told) as [Error];
  expect(error).toBe(ended);
  expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'recv', port: localPort });
  expect(got).toEqual(['something']);
});

test('in a worker thread', async () => {
  const thread = startThread(`
    const server = sockkit.createServer({ backlog: 512 }, async (connection) => {
      for (;;) {
        const line = await connection.readLine();
        if (line === null) break;
        await connection.sendAll(line + '\\n');
      }
    });
    server.listen({ port: 0, host: '127.0.0.1' }).then(({ port }) => say(port));
    parentPort.once('message', async () => {
      await server.close();
      const { connections, threads, memoryBytes } = server.stats();
      say({ connections, threads, memoryBytes });
    });`);
  const port = (await thread.said()) as number;
  const text = `${'y'.repeat(5000)}\n`.repeat(20);
  const answers = await Promise.all(Array.from({ length: 40 }, () => exchange(port, text)));
  expect(new Set(answers.map(String))).toEqual(new Set([text]));
  thread.worker.postMessage('end');
  expect(await thread.said()).toEqual({ connections: 40, threads: 0, memoryBytes: 0 });
  expect(await thread.ended).toBe(0);
});
