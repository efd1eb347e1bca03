// The end of sockserve: by a signal, at any moment, and with nothing lost that was acknowledged.
import * as sys from 'sockkit/sys';
import { constants } from 'sockkit/sys';
import { Client, closeClients } from './helpers/clients.js';
import { removeFiles } from './helpers/files.js';
import { Flood } from './helpers/flood.js';
import { acceptQueue, eventually, handles } from './helpers/proc.js';
import { commandFile, sockclient, sockserve, start, stopAll } from './helpers/run.js';
import { termAfterExit } from './helpers/term.js';

const MIB = 2 ** 20;

afterEach(async () => {
  closeClients();
  await stopAll();
  removeFiles();
});

test("SIGTERM at once after sockclient's exit status 0: the message is printed", async () => {
  await termAfterExit(30);
});

test('a message that is acknowledged in the queue of the listener is printed too', async () => {
  const { server, port } = await sockserve(['--max-connections', '1']);
  const silent = await Client.sending(port, 'half');
  const messages = ['one\n', 'x'.repeat(100_000), 'three\n'];
  for (const input of messages) {
    const { code } = await sockclient(['127.0.0.1', String(port)], { input }).finished;
    expect(code).toBe(0);
  }
  expect(acceptQueue(port)).toBe(3);
  const { signal, stdout, stderr } = await server.kill();
  expect(signal).toBe('SIGTERM');
  // Finished messages go first.
  expect(stdout.toString()).toBe(`${messages.join('')}half`);
  expect(stderr).toMatch(/sockserve: 1 connection was cut before its message ended;[^\n]*\n$/);
  expect(await silent.closed).toBe('ECONNRESET');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s during a transfer: the client is told, and what was acknowledged is printed',
  async (signal) => {
    const { server, port } = await sockserve();
    const flood = Flood.through(server, port);
    await eventually('it flows', () => flood.reader.bytes > 32 * MIB, server);
    const ended = await server.kill(signal);
    const client = await flood.client.finished;
    expect(ended.signal).toBe(signal);
    expect(ended.stderr).toMatch(
      /^sockserve: listening on [^\n]+\nsockserve: 1 connection was cut before its message ended; what had arrived is printed\n$/,
    );
    expect(client.code).toBe(1);
    const [, acknowledged] =
      /ECONNRESET \(connection reset by peer\), (\d+) of \d+ bytes acknowledged\n$/.exec(
        client.stderr,
      ) ?? [];
    expect(flood.reader.problem).toBeNull();
    expect(flood.reader.bytes).toBeGreaterThanOrEqual(Number(acknowledged));
  },
);

test('SIGINT while the reader of stdout has stopped: exit status 1 with the count', async () => {
  const { server, port } = await sockserve(['--stall', '300ms']);
  const flood = Flood.through(server, port);
  await eventually('it flows', () => flood.reader.bytes > 4 * MIB, server);
  server.child.stdout?.pause();
  await flood.blocked();
  server.child.kill('SIGINT');
  const [, lost] = await server.stderrMatch(
    /\nsockserve: write stdout: ETIMEDOUT \(connection timed out\), (\d+) bytes of 1 message could not be written\n/,
  );
  server.child.stdout?.resume();
  const ended = await server.finished;
  expect(ended).toMatchObject({ code: 1, signal: null });
  const client = await flood.client.finished;
  expect(client.code).toBe(1);
  const [, acknowledged] = /, (\d+) of \d+ bytes acknowledged\n$/.exec(client.stderr) ?? [];
  expect(flood.reader.problem).toBeNull();
  expect(Number(lost)).toBeGreaterThan(0);
  // Nothing is without a trace: what was acknowledged is printed or counted.
  expect(flood.reader.bytes + Number(lost)).toBeGreaterThanOrEqual(Number(acknowledged));
});

test('a client whose message is cut is reset, and sees no orderly end before that', async () => {
  // Many clients take such an end for the sign that the server has read everything.
  const { server, port } = await sockserve();
  server.child.stdout?.pause();
  const fd = sys.socket(constants.AF_INET, constants.SOCK_STREAM);
  try {
    sys.connect(fd, { address: '127.0.0.1', port });
    const chunk = Buffer.alloc(65_536);
    let fullTurns = 0;
    await eventually('both systems are full', () => {
      const full = sys.trySend(fd, chunk, constants.MSG_DONTWAIT) < 0;
      fullTurns = full ? fullTurns + 1 : 0;
      return fullTurns > 40;
    });
    sys.shutdown(fd, constants.SHUT_WR);
    server.child.kill('SIGTERM');
    server.child.stdout?.resume();
    expect((await server.finished).stderr).toContain('1 connection was cut');
    expect(() => sys.recv(fd, chunk, constants.MSG_DONTWAIT)).toThrow('recv ECONNRESET');
  } finally {
    sys.close(fd);
  }
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a second signal ends the drain at once: %s',
  async (signal) => {
    const { server, port } = await sockserve(['--stall', '0']);
    const flood = Flood.through(server, port);
    server.child.stdout?.pause();
    await flood.blocked();
    expect(handles(server.pid, 'SIGHUP')).toBe(true);
    server.child.kill('SIGTERM');
    // From then on each of them has its default effect. The drain cannot end: nobody reads.
    await eventually('the first is heard', () => !handles(server.pid, 'SIGHUP'), server);
    const ended = new Promise((resolve) => {
      server.child.once('exit', (_code, by) => {
        resolve(by);
      });
    });
    server.child.kill(signal);
    expect(await ended).toBe(signal);
    server.child.stdout?.resume();
    await server.finished;
  },
);

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s while it starts just ends it',
  async (name) => {
    // From before Node is loaded to when it listens.
    for (let delay = 0; delay <= 120; delay += 10) {
      const server = start(process.execPath, [commandFile('sockserve'), '0']);
      await new Promise((resolve) => setTimeout(resolve, delay));
      const { code, signal, stdout, stderr } = await server.kill(name);
      expect({ code, signal, stdout: stdout.length }).toEqual({
        code: null,
        signal: name,
        stdout: 0,
      });
      expect(stderr).toMatch(/^(sockserve: listening on port \d+\n)?$/);
    }
  },
);

test('a signal that arrives while the handlers stand and nobody listens yet', async () => {
  const server = start(process.execPath, [commandFile('sockserve'), '0']);
  await eventually('it handles SIGHUP', () => handles(server.pid, 'SIGHUP'), server);
  expect(await server.kill('SIGHUP')).toMatchObject({ code: null, signal: 'SIGHUP' });
});

test('signals during the drain of many clients: every finished message is printed once', async () => {
  const { server, port } = await sockserve(['--backlog', '128']);
  const silent = await Promise.all(
    Array.from({ length: 20 }, (_, index) => Client.sending(port, `half ${index}\n`)),
  );
  const clients = await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) => sockclient(['127.0.0.1', String(port)], { input: `whole ${index}\n` }).finished,
    ),
  );
  expect(clients.every(({ code }) => code === 0)).toBe(true);
  const { signal, stdout, stderr } = await server.kill('SIGINT');
  expect(signal).toBe('SIGINT');
  const lines = stdout.toString().trimEnd().split('\n');
  const expected = Array.from({ length: 20 }, (_, index) => [`half ${index}`, `whole ${index}`]);
  expect(lines.sort()).toEqual(expected.flat().sort());
  expect(stderr).toContain('sockserve: 20 connections were cut before their message ended;');
  const ends = await Promise.all(silent.map(({ closed }) => closed));
  expect(new Set(ends)).toEqual(new Set(['ECONNRESET']));
});
