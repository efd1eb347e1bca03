// Threads are real: one for each connection, kept between connections, and none of them JavaScript's.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Client, closeClients, sendMessage } from './helpers/clients.js';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { acceptQueue, eventually, threadCount } from './helpers/proc.js';
import { available, sockserve, start, stopAll, type Running } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');

afterEach(async () => {
  closeClients();
  await stopAll();
  removeFiles();
});

test('50 silent clients are 50 more threads', async () => {
  const { server, port } = await sockserve(['--backlog', '128']);
  const before = threadCount(server.pid);
  const clients = await Promise.all(Array.from({ length: 50 }, () => Client.connect(port)));
  await eventually('all are accepted', () => acceptQueue(port) === 0, server);
  expect(threadCount(server.pid)).toBe(before + 50);
  // Each of them is served by its own: they all end their message while the others are open.
  await Promise.all(clients.map((client, index) => client.write(`client ${index}\n`)));
  expect(threadCount(server.pid)).toBe(before + 50);
  await Promise.all(clients.map((client) => client.end()));
  // 4 may stay idle beside the one that waits for a connection.
  await eventually('the rest ends', () => threadCount(server.pid) <= before + 4, server);
  const { stdout } = await server.kill();
  expect(stdout.toString().split('\n')).toHaveLength(51);
});

test('1,000 clients one after another cause fewer than 10 threads', async () => {
  if (!available('strace')) return;
  const { server, port } = await sockserve();
  const log = path.join(temporaryFolder(), 'strace');
  const trace = await attach(server.pid, log);
  if (trace === null) return;
  // A tracer that sees nothing would find no creation either.
  const silent = await Promise.all(Array.from({ length: 6 }, () => Client.connect(port)));
  await eventually('they have threads', () => creations(log) >= 2, server);
  await Promise.all(silent.map((client) => client.end()));

  const before = creations(log);
  for (let i = 0; i < 1000; i++) expect(await sendMessage(port, 'Go Tigers!\n')).toBe('end');
  // A process that ended while it is traced would take its tracer with it.
  await trace.kill('SIGINT');
  expect(creations(log) - before).toBeLessThan(10);
  const { stdout } = await server.kill();
  expect(stdout.toString()).toBe('Go Tigers!\n'.repeat(1000));
});

/** strace, when it has attached; null where that is not allowed. */
async function attach(pid: number, log: string): Promise<Running | null> {
  const args = ['-f', '-e', 'trace=clone,clone3', '-o', log, '-p', String(pid)];
  const trace = start('strace', args);
  const [, refusal] = await trace.stderrMatch(/attached|(not permitted)/);
  if (refusal === undefined) return trace;
  console.warn('skipped where strace is needed: it may not attach to a process');
  return null;
}

function creations(log: string): number {
  return fs.readFileSync(log, 'utf8').match(/^\d+ +clone3?\(/gm)?.length ?? 0;
}

test('messages are printed while the main thread is busy', async () => {
  const flag = path.join(temporaryFolder(), 'seen');
  // A byte on stdin starts a loop from which JavaScript does not come back before the flag is there.
  const script = `
    const { existsSync, writeSync } = require('node:fs');
    const { createMessageServer } = require('sockkit');
    const server = createMessageServer({ output: 1 });
    server.listen({ port: 0 }).then(({ port }) => {
      writeSync(2, 'port ' + port + '\\n');
      process.stdin.once('data', () => {
        writeSync(2, 'spinning\\n');
        const end = Date.now() + 2000;
        while (Date.now() < end || !existsSync(${JSON.stringify(flag)}));
        writeSync(2, 'spun\\n');
        server.close().then(({ messages }) => {
          writeSync(2, messages + ' messages\\n');
          process.exit(0);
        });
      });
    });`;
  const program = start(process.execPath, ['-e', script], { cwd: ROOT, input: null });
  const [, port] = await program.stderrMatch(/port (\d+)\n/);
  program.child.stdin?.write('go');
  await program.stderrMatch(/spinning\n/);
  const large = 'x'.repeat(3_000_000);
  for (const text of ['one\n', 'two\n', large]) {
    expect(await sendMessage(Number(port), text)).toBe('end');
  }
  await program.until('all is printed', () => program.stdout.length === 8 + large.length);
  expect(program.stderr).not.toContain('spun');
  fs.writeFileSync(flag, '');
  await program.stderrMatch(/spun\n3 messages\n/);
  expect((await program.finished).code).toBe(0);
});
