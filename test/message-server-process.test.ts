// Message servers and the end of the process, the worker or the object that they belong to.
import * as path from 'node:path';
import { Client, closeClients, sendMessage } from './helpers/clients.js';
import { start, stopAll, type Running } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');

afterEach(async () => {
  closeClients();
  await stopAll();
});

/** A program that has `createMessageServer`, `say` (a line on stderr) and `on` (a line on stdin). */
function program(script: string): Running {
  const prelude = `
    const { readdirSync, writeSync, openSync } = require('node:fs');
    const { createMessageServer } = require('sockkit');
    const say = (text) => writeSync(2, text + '\\n');
    const on = (then) => process.stdin.once('data', then);
    const counts = () =>
      'counts ' + ['task', 'fd'].map((what) => readdirSync('/proc/self/' + what).length).join(' ');
  `;
  return start(process.execPath, ['--expose-gc', '-e', prelude + script], {
    cwd: ROOT,
    input: null,
  });
}

async function portOf(running: Running): Promise<number> {
  return Number((await running.stderrMatch(/port (\d+)\n/))[1]);
}

test('a server that listens keeps the process; unref() lets it end, with clients connected', async () => {
  const running = program(`
    const server = createMessageServer({ output: 1 });
    server.listen({ port: 0 }).then(({ port }) => {
      say('port ' + port);
      on(() => {
        say('go');
        process.stdin.destroy();
        server.unref();
      });
    });`);
  const port = await portOf(running);
  const client = await Client.sending(port, 'half');
  expect(await sendMessage(port, 'whole\n')).toBe('end');
  expect(running.ended).toBe(false);
  running.child.stdin?.write('go');
  const { code, signal, stdout } = await running.finished;
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(stdout.toString()).toContain('whole\n');
  await client.closed;
});

test('ref() takes unref() back', async () => {
  const running = program(`
    const server = createMessageServer({ output: 1 });
    server.listen({ port: 0 }).then(({ port }) => {
      process.stdin.unref();
      server.unref().ref();
      server.on('message', () => server.close());
      say('port ' + port);
    });`);
  expect(await sendMessage(await portOf(running), 'hello\n')).toBe('end');
  expect(await running.finished).toMatchObject({ code: 0, signal: null });
});

test.each([
  ['process.exit()', 'process.exit(7)', { code: 7, signal: null }],
  ['process.reallyExit()', 'process.reallyExit(7)', { code: 7, signal: null }],
  ['an exception', "throw new Error('on purpose')", { code: 1, signal: null }],
])(
  '%s while connections are open ends the process as it should',
  async (_name, ending, expected) => {
    const running = program(`
    const server = createMessageServer({ output: 1, stallMs: 0 });
    server.listen({ port: 0 }).then(({ port }) => {
      say('port ' + port);
      on(() => { ${ending}; });
    });`);
    const port = await portOf(running);
    // One in each state: no byte yet, some held, the floor, spooled, finished and queued.
    const large = Buffer.alloc(3_000_000, 'x');
    await Client.connect(port);
    await Client.sending(port, 'half');
    await Client.sending(port, large);
    await running.until('the floor is taken', () => running.stdout.length >= large.length);
    await Client.sending(port, large);
    const finished = await Client.connect(port);
    void finished.end('whole');
    running.child.stdin?.write('go');
    const { code, signal } = await running.finished;
    expect({ code, signal }).toEqual(expected);
  },
);

test('a server that nobody refers to goes on, and can be collected when it is closed', async () => {
  const running = program(`
    const collected = new FinalizationRegistry(() => {
      say('collected');
      process.exit(0);
    });
    (async () => {
      const server = createMessageServer({ output: 1 });
      collected.register(server, '');
      server.on('message', () => server.close());
      say('port ' + (await server.listen({ port: 0 })).port);
    })();
    setInterval(gc, 10);`);
  const port = await portOf(running);
  expect(await sendMessage(port, 'hello\n')).toBe('end');
  expect(await running.finished).toMatchObject({ code: 0, signal: null });
  expect(running.stderr).toContain('collected');
});

test('servers that never listened can be collected', async () => {
  const running = program(`
    const before = counts();
    for (let i = 0; i < 1000; i++) createMessageServer({ output: 1 });
    gc();
    setImmediate(() => {
      gc();
      say(before === counts() ? 'same' : before + ' became ' + counts());
      process.exit(0);
    });`);
  expect(await running.finished).toMatchObject({ code: 0, signal: null, stderr: 'same\n' });
});

const WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { createMessageServer } = require('sockkit');
  const server = createMessageServer({ output: workerData.output });
  server.on('message', () => {});
  server.listen({ port: 0 }).then(({ port }) => parentPort.postMessage(port));`;

test('8 workers that are terminated while clients are connected leave nothing behind', async () => {
  const running = program(`
    const { Worker } = require('node:worker_threads');
    const source = ${JSON.stringify(WORKER)};
    const output = openSync('/dev/null', 'w');
    const round = async () => {
      const workers = Array.from({ length: 8 }, () =>
        new Worker(source, { eval: true, workerData: { output } }));
      const ports = await Promise.all(workers.map((worker) =>
        new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))));
      say('ports ' + ports.join(' '));
      await new Promise(on);
      await Promise.all(workers.map((worker) => worker.terminate()));
      say(counts());
    };
    (async () => {
      for (let i = 0; i < 4; i++) await round();
      process.exit(0);
    })();`);
  for (let round = 1; round <= 4; round++) {
    const all = await running.until('the workers listen', () => {
      const lines = running.stderr.match(/^ports .*$/gm) ?? [];
      return lines.length === round && lines[round - 1];
    });
    const clients: Client[] = [];
    for (const port of all.split(' ').slice(1).map(Number)) {
      clients.push(await Client.connect(port));
      clients.push(await Client.sending(port, 'half'));
      expect(await sendMessage(port, 'whole')).toBe('end');
      clients.push(await Client.sending(port, Buffer.alloc(2_000_000)));
    }
    running.child.stdin?.write('go');
    await Promise.all(clients.map(({ closed }) => closed));
  }
  expect(await running.finished).toMatchObject({ code: 0, signal: null });
  // The first round may leave behind what the process needs once.
  const counts = running.stderr.match(/^counts .*$/gm) ?? [];
  expect(counts).toHaveLength(4);
  expect(counts[3]).toBe(counts[1]);
});
