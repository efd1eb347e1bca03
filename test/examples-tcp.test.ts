import { constants as c, createConnection, type Socket } from 'sockkit';
import { example } from './helpers/example.js';
import { alphanumerics } from './helpers/messages.js';
import { codeOf } from './helpers/net.js';
import { closePeers, collector } from './helpers/peers.js';
import { run, type Running, stopAll } from './helpers/run.js';
import { closeSockets, own } from './helpers/sockets.js';

afterEach(async () => {
  await stopAll();
  closeSockets();
  closePeers();
});

describe('watch-tcp', () => {
  test('the counts add up, and at the end all is acknowledged', async () => {
    const { port, messages } = await collector();
    const { code, stdout, stderr } = await example('watch-tcp.mjs', ['127.0.0.1', `${port}`, '4'])
      .finished;
    expect([code, stderr]).toEqual([0, '']);
    const bytes = 4 * 1024 * 1024;
    expect((await messages[0])?.equals(Buffer.alloc(bytes, 'x'))).toBe(true);

    const [head = '', ...rows] = stdout.toString().trimEnd().split('\n');
    expect(head).toMatch(/given +unsent +acked +rtt ms +window/);
    expect(rows.length).toBeGreaterThan(5);
    const samples = rows.map((row) => row.trim().split(/ +/));
    for (const [given, unsent, acked] of samples.slice(0, -1)) {
      // The SYN counts as one.
      expect(Number(unsent) + Number(acked)).toBeLessThanOrEqual(Number(given) + 1);
    }
    expect(samples[0]).toEqual(expect.arrayContaining(['0', 'ESTABLISHED']));
    const last = samples.at(-1) ?? [];
    expect(last.slice(0, 3).map(Number)).toEqual([bytes, 0, bytes + 2]);
    expect(last.at(-1)).toMatch(/^(CLOSE|TIME_WAIT)$/);
  });

  test('nobody listens', async () => {
    const { port, peer } = await collector();
    peer.close();
    const { code, stderr } = await example('watch-tcp.mjs', ['127.0.0.1', `${port}`]).finished;
    expect(stderr).toContain(`connect ECONNREFUSED 127.0.0.1:${port}`);
    expect(code).toBe(1);
  });
});

describe('echo-threads', () => {
  async function serving(threads: number): Promise<{ server: Running; port: number }> {
    const server = example('echo-threads.mjs', ['0', String(threads)]);
    const port = await server.until('it listens', () =>
      /threads on port (\d+)\n/.exec(server.stdout.toString())?.at(1),
    );
    return { server, port: Number(port) };
  }

  function connect(port: number): Socket {
    return own(createConnection({ host: '127.0.0.1', port }));
  }

  /** The number of the thread that serves this client. */
  function threadOf(socket: Socket): number {
    let line = '';
    while (!line.endsWith('\n')) line += socket.recvExact(1).toString();
    expect(line).toMatch(/^thread \d+ serves 127\.0\.0\.1:\d+\n$/);
    return Number(line.split(' ')[1]);
  }

  test('as many clients at once as there are threads, and the next one waits', async () => {
    const { server, port } = await serving(3);
    const clients = [connect(port), connect(port), connect(port)];
    const threads = clients.map(threadOf);
    expect([...threads].sort()).toEqual([1, 2, 3]);
    for (const round of ['one', 'two', 'three']) {
      for (const [index, client] of clients.entries()) client.sendAll(`${round} ${index}`);
      for (const [index, client] of clients.entries()) {
        const expected = `${round} ${index}`;
        expect(client.recvExact(expected.length).toString()).toBe(expected);
      }
    }

    const waiting = connect(port);
    waiting.sendAll('early');
    expect(codeOf(() => waiting.recv(1, c.MSG_DONTWAIT))).toBe('EAGAIN');
    clients[1]?.close();
    expect(threadOf(waiting)).toBe(threads[1]);
    expect(waiting.recvExact(5).toString()).toBe('early');

    // Threads that are blocked in recv() and in accept() alike.
    const { code, stdout, stderr } = await server.kill('SIGINT');
    expect(stdout.toString()).toMatch(/\nall threads have ended\n$/);
    expect([code, stderr]).toEqual([0, '']);
    for (const client of clients.slice(2)) expect(client.recv(1)).toHaveLength(0);
  });

  test('a client that resets the connection takes nothing with it', async () => {
    const { port } = await serving(1);
    const rude = connect(port);
    expect(threadOf(rude)).toBe(1);
    rude.setOption('linger', { on: true, seconds: 0 });
    rude.close();
    expect(threadOf(connect(port))).toBe(1);
  });

  test('a megabyte comes back as it went', async () => {
    const { port } = await serving(2);
    const text = alphanumerics(1 << 20);
    const program = `
      const socket = require('node:net').connect({ port: ${port}, host: '127.0.0.1' });
      process.stdin.pipe(socket).pipe(process.stdout);`;
    const { code, stdout } = await run(process.execPath, ['-e', program], { input: text });
    expect(code).toBe(0);
    expect(stdout.subarray(stdout.indexOf('\n') + 1).equals(text)).toBe(true);
  });
});
