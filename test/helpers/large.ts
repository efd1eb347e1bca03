// Messages of which a copy in memory would be noticed.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { markedFile, openFile, OutputFile, temporaryFolder } from './files.js';
import { memoryKb, statusField } from './proc.js';
import { run, sockclient, sockserve, start } from './run.js';

/** How much more than a bare node either program may have in memory. */
const ALLOWED_KB = 40 * 1024;

async function bareNodeKb(): Promise<number> {
  const bare = start(process.execPath, ['-e', 'console.error("up"); setInterval(() => {}, 1e9)']);
  await bare.stderrMatch(/up/);
  const peak = memoryKb(bare.pid, 'VmHWM');
  await bare.kill();
  return peak;
}

/** The options of cmp are for a part of a file: `-n LIMIT`, `-i SKIP1:SKIP2`. */
async function expectEqualFiles(one: string, other: string, options: string[] = []): Promise<void> {
  const { code, stdout, stderr } = await run('cmp', [...options, one, other]);
  expect({ code, said: stdout.toString() + stderr }).toEqual({ code: 0, said: '' });
}

export async function oneLargeMessage(bytes: number): Promise<void> {
  const folder = temporaryFolder();
  const message = path.join(folder, 'message');
  markedFile(message, bytes);
  const bare = await bareNodeKb();

  const output = new OutputFile(folder);
  const { server, port } = await sockserve([], { stdout: output.fd });
  // A process that is gone has no peak any more, so the client writes its own down at its end.
  const status = path.join(folder, 'status');
  const hook = path.join(folder, 'hook.cjs');
  fs.writeFileSync(
    hook,
    `const fs = require('node:fs');
     process.on('exit', () => {
       fs.writeFileSync(${JSON.stringify(status)}, fs.readFileSync('/proc/self/status'));
     });`,
  );
  const client = sockclient(['127.0.0.1', String(port)], {
    input: openFile(message, 'r'),
    env: { NODE_OPTIONS: `--require=${hook}` },
  });
  expect(await client.finished).toMatchObject({ code: 0, stderr: '' });
  const clientPeak = parseInt(statusField(fs.readFileSync(status, 'utf8'), 'VmHWM'), 10);
  const serverPeak = memoryKb(server.pid, 'VmHWM');
  expect((await server.kill()).signal).toBe('SIGTERM');
  await expectEqualFiles(message, output.path);
  expect(bare).toBeGreaterThan(10_000);
  expect(clientPeak - bare).toBeLessThan(ALLOWED_KB);
  expect(serverPeak - bare).toBeLessThan(ALLOWED_KB);
}

export async function twoLargeMessages(bytes: number): Promise<void> {
  const folder = temporaryFolder();
  const messages = ['one', 'two'].map((name) => path.join(folder, name));
  messages.forEach((file, index) => {
    markedFile(file, bytes, index + 1);
  });
  const output = new OutputFile(folder);
  const { server, port } = await sockserve([], { stdout: output.fd });
  const clients = messages.map(
    (file) => sockclient(['127.0.0.1', String(port)], { input: openFile(file, 'r') }).finished,
  );
  for (const client of clients) expect(await client).toMatchObject({ code: 0, stderr: '' });
  const { signal, stderr } = await server.kill();
  expect(signal).toBe('SIGTERM');
  expect(stderr).not.toContain('split');
  expect(output.size).toBe(2 * bytes);
  // Either may have come first; its mark tells.
  const mark = Buffer.alloc(16);
  fs.readSync(openFile(output.path, 'r'), mark, 0, mark.length, 0);
  const order = mark.readDoubleLE(8) === 1 ? messages : [...messages].reverse();
  for (const [index, file] of order.entries()) {
    const part = ['-n', String(bytes), '-i', `0:${index * bytes}`];
    await expectEqualFiles(file, output.path, part);
  }
}
