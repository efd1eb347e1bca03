import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { closePeers, collector, Peer } from './helpers/peers.js';
import { available, commandFile, run, sockclient, start, stopAll } from './helpers/run.js';

afterEach(async () => {
  await stopAll();
  closePeers();
});

/** Runs argv[1:] with stderr on a new terminal, and copies what it says there to its own stderr. */
const ON_TERMINAL = `
import os, pty, subprocess, sys
master, slave = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stderr=slave)
os.close(slave)
while True:
    try:
        data = os.read(master, 4096)
    except OSError:
        break
    os.write(2, data)
sys.exit(child.wait())`;

test('without --progress and a terminal nothing is shown', async () => {
  const { port } = await collector();
  const client = sockclient(['127.0.0.1', String(port)], { input: Buffer.alloc(3_000_000) });
  expect(await client.finished).toMatchObject({ code: 0, stderr: '' });
});

test('--progress where stderr is no terminal: lines without control characters', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockclient-'));
  const file = path.join(directory, 'message');
  fs.writeFileSync(file, Buffer.alloc(3 * 2 ** 20));
  const { port } = await collector();
  const input = fs.openSync(file, 'r');
  const client = sockclient(['--progress', '127.0.0.1', String(port)], { input });
  const { code, stderr, stdout } = await client.finished;
  fs.closeSync(input);
  fs.rmSync(directory, { recursive: true });
  expect(stderr).toMatch(/^(sockclient: \[=* *\] +\d+% of 3\.0 MiB, \S+ \S+\/s[^\n]*\n)+$/);
  expect(stderr).toMatch(/\[={20}\] 100% of 3\.0 MiB, [^\n]*\n$/);
  expect(stdout).toHaveLength(0);
  expect(code).toBe(0);
});

test('--progress of a pipe tells the amount and the rate', async () => {
  const { port } = await collector();
  const args = ['--progress', '127.0.0.1', String(port)];
  const { stderr } = await sockclient(args, { input: Buffer.alloc(2 ** 20) }).finished;
  expect(stderr).toMatch(/sockclient: 1\.0 MiB, \S+ \S+\/s\n$/);
});

test('on a terminal a long transfer shows a bar by itself, and leaves the terminal as it was', async () => {
  if (!available('python3')) return;
  // Reads nothing until the bar has been seen.
  const peer = await Peer.listen(() => undefined);
  const command = [process.execPath, commandFile('sockclient'), '127.0.0.1', String(peer.port)];
  const script = `exec head -c 30000000 /dev/zero | "$0" "$@"`;
  const terminal = start('python3', ['-c', ON_TERMINAL, 'sh', '-c', script, ...command]);
  await terminal.stderrMatch(/\r\S*sockclient: \d/);
  for (const socket of peer.sockets) socket.resume();
  const { code, stderr } = await terminal.finished;
  expect(code).toBe(0);
  expect(stderr).toMatch(/sockclient: 28\.6 MiB, [^\r\n]*\x1b\[K\r?\n$/);
  // No other escape sequence than "clear to the end of the line": the cursor stays, and so do modes.
  expect(stderr.replaceAll('\x1b[K', '')).not.toContain('\x1b');
});

test('the bar touches no standard stream and listens for no signal', async () => {
  const { port } = await collector();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockclient-'));
  const spy = path.join(directory, 'spy.cjs');
  fs.writeFileSync(
    spy,
    `const fs = require('node:fs');
     for (const name of ['stdin', 'stdout', 'stderr']) {
       const get = () => { fs.writeSync(2, 'touched ' + name); };
       Object.defineProperty(process, name, { get, configurable: true });
     }
     process.on('exit', () => {
       const signals = process.eventNames().filter((name) => String(name).startsWith('SIG'));
       fs.writeSync(2, 'signals: ' + signals.length);
     });`,
  );
  const args = [commandFile('sockclient'), '--progress', '127.0.0.1', String(port)];
  const { stderr } = await run(process.execPath, ['--require', spy, ...args], { input: 'hello' });
  fs.rmSync(directory, { recursive: true });
  expect(stderr).toMatch(/signals: 0$/);
  expect(stderr).not.toContain('touched');
});
