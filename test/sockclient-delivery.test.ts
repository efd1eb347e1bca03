import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { canSetHosts, hasIpv6, startWithHosts } from './helpers/hosts.js';
import { closePeers, collector } from './helpers/peers.js';
import { available, commandFile, sockclient, start, stopAll } from './helpers/run.js';

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockclient-'));
});

afterEach(async () => {
  await stopAll();
  closePeers();
  fs.rmSync(directory, { recursive: true });
});

/** A descriptor of a file with these contents. */
function fileOf(contents: Uint8Array, flags: fs.OpenMode = 'r'): number {
  const file = path.join(directory, 'message');
  fs.writeFileSync(file, contents);
  return fs.openSync(file, flags);
}

test.each([
  ['a short line', Buffer.from('Go Tigers!\n'), []],
  ['nothing', Buffer.alloc(0), []],
  ['100 kB of random bytes', randomBytes(100_000), []],
  ['5 MB of random bytes', randomBytes(5_000_000), []],
  ['5 MB in large chunks', randomBytes(5_000_000), ['--chunk', '4M']],
  ['a chunk for each byte', randomBytes(500), ['--chunk', '1']],
  ['whole chunks exactly', randomBytes(3 * 65536), []],
  ['with a limit on every wait', randomBytes(1_000_000), ['--timeout', '20']],
])('%s arrives from a pipe and from a file, exactly', async (_name, message, options) => {
  const { port, messages } = await collector();
  for (const input of [message, fileOf(message)]) {
    const { code, stderr } = await sockclient([...options, '127.0.0.1', String(port)], { input })
      .finished;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(message.equals((await messages.pop()) ?? Buffer.from('nothing'))).toBe(true);
  }
});

test('the first chunk arrives while stdin is still open', async () => {
  const { port, firstChunk, messages } = await collector();
  const client = sockclient(['127.0.0.1', String(port)], { input: null });
  client.child.stdin?.write('first');
  expect((await firstChunk).toString()).toBe('first');
  expect(client.ended).toBe(false);
  client.child.stdin?.end(' and last');
  expect((await client.finished).code).toBe(0);
  expect((await messages[0])?.toString()).toBe('first and last');
});

test('a non-blocking pipe as stdin is waited for', async () => {
  if (!available('python3')) return;
  const { port, messages, firstChunk } = await collector();
  // Holds the second half back until its own stdin ends.
  const script = `
import os, subprocess, sys
r, w = os.pipe()
os.set_blocking(r, False)
child = subprocess.Popen(sys.argv[1:], stdin=r)
os.write(w, b"first")
sys.stdin.read()
os.write(w, b" and last")
os.close(w)
sys.exit(child.wait())`;
  const command = [process.execPath, commandFile('sockclient'), '127.0.0.1', String(port)];
  const python = start('python3', ['-c', script, ...command], { input: null });
  expect((await firstChunk).toString()).toBe('first');
  python.child.stdin?.end();
  const { code, stderr } = await python.finished;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect((await messages[0])?.toString()).toBe('first and last');
});

test('a closed stdin is an empty message', async () => {
  const { port, messages } = await collector();
  const script = `exec "$0" "$@" <&-`;
  const args = [commandFile('sockclient'), '127.0.0.1', String(port)];
  const { code, stderr } = await start('sh', ['-c', script, process.execPath, ...args]).finished;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(await messages[0]).toHaveLength(0);
});

test('a file is sent from where its descriptor stands', async () => {
  const { port, messages } = await collector();
  const input = fileOf(Buffer.from('skipped,sent'));
  fs.readSync(input, Buffer.alloc(8));
  await sockclient(['127.0.0.1', String(port)], { input }).finished;
  expect((await messages[0])?.toString()).toBe('sent');
});

test('--verbose says where it connected and what was acknowledged', async () => {
  const { port } = await collector();
  const client = sockclient(['-v', '127.0.0.1', String(port)], { input: 'hello' });
  expect((await client.finished).stderr).toBe(
    `sockclient: connected to 127.0.0.1:${port}\nsockclient: 5 bytes sent and acknowledged\n`,
  );
});

test('an IPv6 address', async () => {
  if (!hasIpv6()) return;
  const { port, messages } = await collector({ host: '::1' });
  const { code, stderr } = await sockclient(['::1', String(port)], { input: 'six' }).finished;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect((await messages[0])?.toString()).toBe('six');
});

test('a name whose first address refuses: the second is used', async () => {
  if (!hasIpv6() || !canSetHosts()) return;
  const { port, messages } = await collector();
  const command = [process.execPath, commandFile('sockclient'), '-v', 'twofold', String(port)];
  const hosts = ['::1 twofold', '127.0.0.1 twofold'];
  const client = startWithHosts(directory, hosts, command, { input: 'hello' });
  const { code, stderr } = await client.finished;
  expect(stderr).toContain(`connected to 127.0.0.1:${port}\n`);
  expect(code).toBe(0);
  expect((await messages[0])?.toString()).toBe('hello');
});

test('it touches no standard stream and listens for no signal', async () => {
  const { port, messages } = await collector();
  const spy = path.join(directory, 'spy.cjs');
  fs.writeFileSync(
    spy,
    `const fs = require('node:fs');
     for (const name of ['stdin', 'stdout', 'stderr']) {
       Object.defineProperty(process, name, { get() { fs.writeSync(2, 'touched ' + name); } });
     }
     process.on('exit', () => {
       const signals = process.eventNames().filter((name) => String(name).startsWith('SIG'));
       fs.writeSync(2, 'signals: ' + signals.length);
     });`,
  );
  const args = ['--require', spy, commandFile('sockclient'), '127.0.0.1', String(port)];
  const { stderr } = await start(process.execPath, args, { input: 'hello' }).finished;
  expect(stderr).toBe('signals: 0');
  expect((await messages[0])?.toString()).toBe('hello');
});
