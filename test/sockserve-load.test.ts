// Many connections, at once and one after another, and the limits on them.
import { execFileSync } from 'node:child_process';
import { Client, closeClients, sendMessage } from './helpers/clients.js';
import { expectSameLines } from './helpers/course.js';
import { OutputFile, removeFiles, temporaryFolder } from './helpers/files.js';
import { acceptQueue, eventually, mayOpen, memoryKb, openFiles } from './helpers/proc.js';
import { threadCount } from './helpers/proc.js';
import { available, sockserve, stopAll, type Running } from './helpers/run.js';

/** Threads that wait for the next connection, beside the one that accepts. */
const IDLE_THREADS = 4;
const FEW_MIB = 6 * 1024;

afterEach(async () => {
  closeClients();
  await stopAll();
  removeFiles();
});

async function expectAtRest(server: Running, threads: number, files: number): Promise<void> {
  await eventually(
    'surplus threads have ended',
    () => threadCount(server.pid) <= threads + IDLE_THREADS,
    server,
  );
  expect(openFiles(server.pid)).toBe(files);
}

test('2,000 connections open at once, all of them served', async () => {
  const count = 2000;
  if (!mayOpen(count + 100)) return;
  const output = new OutputFile(temporaryFolder());
  const options = ['--max-connections', '2100', '--backlog', '512'];
  const { server, port } = await sockserve(options, { stdout: output.fd });
  const [threads, files] = [threadCount(server.pid), openFiles(server.pid)];

  const clients: Client[] = [];
  while (clients.length < count) {
    // As many as the queue holds, so that none is refused for coming too fast.
    const group = Array.from({ length: 200 }, (_, index) =>
      Client.sending(port, `client ${clients.length + index}, `),
    );
    clients.push(...(await Promise.all(group)));
  }
  await eventually('all are accepted', () => acceptQueue(port) === 0, server);
  expect(threadCount(server.pid)).toBe(threads + count);
  expect(openFiles(server.pid)).toBeGreaterThanOrEqual(files + count);
  expect(output.size).toBe(0);

  const lines = clients.map((_, index) => `client ${index}, line of ${index}\n`);
  const ends = clients.map((client, index) => client.end(`line of ${index}\n`));
  expect(new Set(await Promise.all(ends))).toEqual(new Set(['end']));
  expectSameLines(output.read(), Buffer.from(lines.join('')));
  await expectAtRest(server, threads, files);
  expect((await server.kill()).signal).toBe('SIGTERM');
});

test('10,000 short messages leave nothing behind', async () => {
  const output = new OutputFile(temporaryFolder());
  const { server, port } = await sockserve([], { stdout: output.fd });
  const [threads, files] = [threadCount(server.pid), openFiles(server.pid)];
  const send = async (first: number, last: number) => {
    for (let i = first; i < last; i++)
      expect(await sendMessage(port, `message ${i}\n`)).toBe('end');
  };
  await send(0, 1000);
  const memory = memoryKb(server.pid, 'VmRSS');
  await Promise.all([0, 1, 2].map((lane) => send(1000 + lane * 3000, 4000 + lane * 3000)));
  const lines = Array.from({ length: 10_000 }, (_, index) => `message ${index}\n`);
  expectSameLines(output.read(), Buffer.from(lines.join('')));
  await expectAtRest(server, threads, files);
  expect(memoryKb(server.pid, 'VmRSS') - memory).toBeLessThan(FEW_MIB);
});

test('memory comes back after large messages that had to wait', async () => {
  const output = new OutputFile(temporaryFolder());
  const { server, port } = await sockserve(['--stall', '0'], { stdout: output.fd });
  const [threads, files] = [threadCount(server.pid), openFiles(server.pid)];
  const message = Buffer.alloc(3_000_000, 'x');
  await sendMessage(port, message);
  const memory = memoryKb(server.pid, 'VmRSS');
  const holder = await Client.sending(port, message);
  await eventually('it has the floor', () => output.size === 2 * message.length, server);
  const waiting = Array.from({ length: 8 }, () => sendMessage(port, message));
  // They are held and spooled meanwhile.
  await eventually('they all arrive', () => openFiles(server.pid) === files + 17, server);
  await holder.end();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['end']));
  expect(output.size).toBe(10 * message.length);
  await expectAtRest(server, threads, files);
  expect(memoryKb(server.pid, 'VmRSS') - memory).toBeLessThan(FEW_MIB);
});

test('--max-connections 2: a third waits until one of them is done', async () => {
  const { server, port } = await sockserve(['--max-connections', '2']);
  const [one, two] = [await Client.sending(port, 'one '), await Client.sending(port, 'two ')];
  await eventually('both are accepted', () => acceptQueue(port) === 0, server);
  const threads = threadCount(server.pid);
  const third = sendMessage(port, 'three\n');
  await eventually('a third waits', () => acceptQueue(port) === 1, server);
  expect(await two.end('is done\n')).toBe('end');
  expect(await third).toBe('end');
  expect(threadCount(server.pid)).toBeLessThanOrEqual(threads + 1);
  expect(await one.end('is done\n')).toBe('end');
  const { stdout } = await server.kill();
  expect(stdout.toString()).toBe('two is done\nthree\none is done\n');
});

test('--idle-timeout: a silent connection ends, and what had arrived is printed', async () => {
  const { server, port } = await sockserve(['--idle-timeout', '100ms']);
  const silent = await Client.sending(port, 'half\n');
  const mute = await Client.connect(port);
  expect(await silent.closed).toBe('ECONNRESET');
  expect(await mute.closed).toBe('ECONNRESET');
  expect(await sendMessage(port, 'whole\n')).toBe('end');
  const { stdout, stderr } = await server.kill();
  expect(stdout.toString()).toBe('half\nwhole\n');
  const told = (client: Client, bytes: number) =>
    `sockserve: message from 127.0.0.1:${client.port}: ended after ${bytes} bytes, nothing came for 100 ms; what had arrived is printed`;
  const lines = stderr.trimEnd().split('\n').slice(1);
  expect(lines.sort()).toEqual([told(silent, 5), told(mute, 0)].sort());
});

test('without descriptors it waits, says so, and goes on', async () => {
  if (!available('prlimit')) return;
  const { server, port } = await sockserve();
  const limit = openFiles(server.pid) + 5;
  execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${limit}`]);
  const clients = await Promise.all(
    Array.from({ length: 10 }, (_, index) => Client.sending(port, `client ${index}\n`)),
  );
  await server.stderrMatch(/accept: EMFILE/);
  const ends = await Promise.all(clients.map((client) => client.end()));
  expect(new Set(ends)).toEqual(new Set(['end']));
  const { stdout, stderr } = await server.kill();
  expect(stdout.toString().trimEnd().split('\n')).toHaveLength(10);
  expect(stderr.match(/EMFILE/g)?.length).toBeGreaterThanOrEqual(1);
});
