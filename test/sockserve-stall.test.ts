// Clients that fall silent in the middle of a message, and who may wait for them.
import { Client, closeClients, sendMessage } from './helpers/clients.js';
import { expectSame } from './helpers/course.js';
import { OutputFile, removeFiles, temporaryFolder } from './helpers/files.js';
import { MessageReader, numberedMessage } from './helpers/messages.js';
import { holderBesideLargeClients } from './helpers/crowd.js';
import { eventually } from './helpers/proc.js';
import { sockserve, stopAll } from './helpers/run.js';

const MIB = 2 ** 20;

afterEach(async () => {
  closeClients();
  await stopAll();
  removeFiles();
});

const openServer = async (...args: string[]) => {
  const output = new OutputFile(temporaryFolder());
  return { output, ...(await sockserve(args, { stdout: output.fd })) };
};

test('half a message below the hold delays nobody and comes out whole', async () => {
  // Nothing here could wait for the stall to pass.
  const { server, port, output } = await openServer('--stall', '0');
  const silent = await Client.sending(port, Buffer.alloc(MIB - 1, 'A'));
  for (const text of ['one\n', 'two\n', 'three\n']) {
    expect(await sendMessage(port, text)).toBe('end');
  }
  expect(output.read().toString()).toBe('one\ntwo\nthree\n');
  expect(await silent.end('B')).toBe('end');
  await server.kill();
  expectSame(
    output.read(),
    Buffer.concat([Buffer.from('one\ntwo\nthree\n'), Buffer.alloc(MIB - 1, 'A'), Buffer.from('B')]),
  );
  expect(server.stderr).toMatch(/^sockserve: listening on port \d+\n$/);
});

test('half a message above the hold: it is split after the stall, and another goes on', async () => {
  const { server, port, output } = await openServer('--stall', '300ms');
  const half = Buffer.alloc(2 * MIB, 'A');
  const silent = await Client.sending(port, half);
  await eventually('the first half is printed', () => output.size === half.length, server);
  expect(await sendMessage(port, 'other\n')).toBe('end');
  expectSame(output.read(), Buffer.concat([half, Buffer.from('other\n')]));
  await server.stderrMatch(/split/);
  expect(await silent.end('rest\n')).toBe('end');
  const { signal, stderr } = await server.kill();
  expectSame(output.read(), Buffer.concat([half, Buffer.from('other\nrest\n')]));
  expect(stderr.split('\n').slice(1)).toEqual([
    `sockserve: message from 127.0.0.1:${silent.port}: split at byte ${half.length}, it kept others waiting for more than 300 ms`,
    '',
  ]);
  expect(signal).toBe('SIGTERM');
});

test('nobody is split while nobody waits', async () => {
  const { server, port, output } = await openServer('--stall', '1ms');
  const half = Buffer.alloc(2 * MIB, 'A');
  const silent = await Client.sending(port, half);
  await eventually('the first half is printed', () => output.size === half.length, server);
  // All this takes much longer than the stall; an empty message needs no turn.
  for (let i = 0; i < 100; i++) expect(await sendMessage(port, '')).toBe('end');
  expect(await silent.end('rest\n')).toBe('end');
  expect((await server.kill()).stderr).not.toContain('split');
  expectSame(output.read(), Buffer.concat([half, Buffer.from('rest\n')]));
});

test('the time that the reader of stdout takes does not count', async () => {
  const { server, port } = await sockserve(['--stall', '500ms']);
  const reader = new MessageReader();
  const stdout = server.child.stdout;
  stdout?.removeAllListeners('data').on('data', (chunk: Buffer) => {
    reader.push(chunk);
  });
  const large = await Client.connect(port);
  const written = large.write(numberedMessage(1, 64 * MIB));
  await eventually('some of it is printed', () => reader.bytes > 2 * MIB, server);
  // The system holds more of the message than a stall is about: the server need not wait for it.
  stdout?.pause();
  const other = await Client.connect(port);
  await other.write(numberedMessage(2, 1000));
  const otherClosed = other.end();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  stdout?.resume();
  await written;
  expect(await large.end()).toBe('end');
  expect(await otherClosed).toBe('end');
  expect((await server.kill()).stderr).not.toContain('split');
  expect(reader.problem).toBeNull();
  expect(reader.numbers).toEqual([1, 2]);
});

test('a silent holder beside large clients and a small spool: nothing lost, no deadlock', async () => {
  await holderBesideLargeClients({ clients: 8, bytes: 20 * MIB });
});
