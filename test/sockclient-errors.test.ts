import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { canSetHosts, hasIpv6, startWithHosts } from './helpers/hosts.js';
import { closePeers, collector } from './helpers/peers.js';
import { available, commandFile, freePort, run, sockclient, stopAll } from './helpers/run.js';

afterEach(async () => {
  await stopAll();
  closePeers();
});

test('a refused connection', async () => {
  const port = await freePort();
  const { code, stderr } = await sockclient(['127.0.0.1', String(port)]).finished;
  expect(stderr).toBe(
    `sockclient: connect 127.0.0.1:${port}: ECONNREFUSED (connection refused); is the server running on that port?\n`,
  );
  expect(code).toBe(1);
});

test('a refused connection with --timeout says the same', async () => {
  const port = await freePort();
  const { code, stderr } = await sockclient(['-w', '5', '127.0.0.1', String(port)]).finished;
  expect(stderr).toContain(`connect 127.0.0.1:${port}: ECONNREFUSED (connection refused)`);
  expect(code).toBe(1);
});

test('a name whose addresses all refuse: the last error, and what was tried', async () => {
  if (!hasIpv6() || !canSetHosts()) return;
  const port = await freePort();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockclient-'));
  const command = [process.execPath, commandFile('sockclient'), 'twofold', String(port)];
  const hosts = ['::1 twofold', '127.0.0.1 twofold'];
  const { code, stderr } = await startWithHosts(directory, hosts, command).finished;
  fs.rmSync(directory, { recursive: true });
  expect(stderr).toBe(
    `sockclient: connect 127.0.0.1:${port}: ECONNREFUSED (connection refused), after [::1]:${port} (ECONNREFUSED); is the server running on that port?\n`,
  );
  expect(code).toBe(1);
});

test.each(['no-such-host.invalid', '999.1.1.1', 'a b', ':::', 'x'.repeat(300)])(
  'a host that is none: %s',
  async (host) => {
    const { code, stderr } = await sockclient([host, '5000']).finished;
    expect(stderr).toMatch(/^sockclient: (getaddrinfo|connect) [^\n]+\n$/);
    expect(stderr).toContain(host);
    expect(code).toBe(1);
  },
);

test('an unreachable address', async () => {
  // A network namespace of its own, in which not even the loopback interface is up.
  if (spawnSync('unshare', ['-rn', 'true']).status !== 0) {
    console.warn('skipped: no network namespaces here');
    return;
  }
  const command = [process.execPath, commandFile('sockclient'), '192.0.2.1', '5000'];
  const { code, stderr } = await run('unshare', ['-rn', ...command]);
  expect(stderr).toBe(
    'sockclient: connect 192.0.2.1:5000: ENETUNREACH (network is unreachable); this machine has no route to that address\n',
  );
  expect(code).toBe(1);
});

test('stdin is a directory: nothing is sent, exit status 1', async () => {
  const { port, peer } = await collector();
  const input = fs.openSync(os.tmpdir(), 'r');
  const { code, stderr } = await sockclient(['127.0.0.1', String(port)], { input }).finished;
  fs.closeSync(input);
  expect(stderr).toBe(
    'sockclient: read stdin: EISDIR (is a directory); give it a file or a pipe\n',
  );
  expect(code).toBe(1);
  expect(peer.sockets).toHaveLength(0);
});

test('stdin is open for writing only: exit status 1', async () => {
  const { port } = await collector();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockclient-'));
  const input = fs.openSync(path.join(directory, 'output'), 'w');
  const { code, stderr } = await sockclient(['127.0.0.1', String(port)], { input }).finished;
  fs.closeSync(input);
  fs.rmSync(directory, { recursive: true });
  expect(stderr).toBe('sockclient: read stdin: EBADF (bad file descriptor)\n');
  expect(code).toBe(1);
});

test.each(['closed', '/dev/full'])('stderr %s does not matter', async (kind) => {
  const { port, messages } = await collector();
  const redirection = kind === 'closed' ? '2>&-' : '2>/dev/full';
  const args = [commandFile('sockclient'), '-v', '127.0.0.1', String(port)];
  const script = `exec "$0" "$@" ${redirection}`;
  const { code } = await run('sh', ['-c', script, process.execPath, ...args], { input: 'hello' });
  expect(code).toBe(0);
  expect((await messages[0])?.toString()).toBe('hello');
});

test('stderr is a pipe that nobody reads any more', async () => {
  if (!available('python3')) return;
  const port = await freePort();
  const script = `
import os, subprocess, sys
r, w = os.pipe()
os.close(r)
sys.exit(subprocess.run(sys.argv[1:], stderr=w).returncode)`;
  const command = [process.execPath, commandFile('sockclient'), '127.0.0.1', String(port)];
  expect((await run('python3', ['-c', script, ...command])).code).toBe(1);
});
