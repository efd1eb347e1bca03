import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  commandFile,
  listening,
  freePort,
  sockclient,
  sockserve,
  start,
  stopAll,
} from './helpers/run.js';

afterEach(stopAll);

async function send(port: number, input: string): Promise<void> {
  const { code } = await sockclient(['127.0.0.1', String(port)], { input }).finished;
  expect(code).toBe(0);
}

test('--verbose tells of each message, and sums up at the end', async () => {
  const { server, port } = await sockserve(['--verbose']);
  await send(port, 'hello\n');
  await server.stderrMatch(/127\.0\.0\.1:\d+: 6 bytes, complete\n/);
  await send(port, 'x');
  await server.stderrMatch(/127\.0\.0\.1:\d+: 1 byte, complete\n/);
  const { stdout, stderr } = await server.kill();
  expect(stdout.toString()).toBe('hello\nx');
  expect(stderr).toMatch(
    /\nsockserve: 2 messages from 2 connections, 7 bytes received, 7 bytes printed\n$/,
  );
});

test('without it nothing is said', async () => {
  const port = await freePort();
  const server = start(process.execPath, [commandFile('sockserve'), String(port)]);
  await listening(port, server);
  await send(port, 'hello\n');
  await server.until('the message is printed', () => server.stdout.length === 6);
  expect(await server.kill()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
});

test('what it says goes between messages where stdout and stderr are one file', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockserve-'));
  const file = path.join(directory, 'both');
  const both = fs.openSync(file, 'a');
  const port = await freePort();
  const args = [commandFile('sockserve'), '--verbose', String(port)];
  const server = start(process.execPath, args, { stdout: both, stderr: both });
  await listening(port, server);
  const messages = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(3_000_000) + '\n');
  await Promise.all(messages.map((message) => send(port, message)));
  await server.kill();
  fs.closeSync(both);
  const text = fs.readFileSync(file, 'latin1');
  fs.rmSync(directory, { recursive: true });
  for (const message of messages) expect(text.includes(message)).toBe(true);
  const said = text.split('\n').filter((line) => line.startsWith('sockserve: '));
  expect(said[0]).toBe(`sockserve: listening on port ${port}`);
  expect(said.filter((line) => line.endsWith(': 3000001 bytes, complete'))).toHaveLength(4);
  expect(said.at(-1)).toContain('4 messages from 4 connections');
});
