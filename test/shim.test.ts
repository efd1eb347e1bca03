// Sends that are cut short and interrupted by the C library itself: a library that is loaded before
// it limits every send() to a few bytes, makes some of them fail with EINTR, and counts.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { expectSame } from './helpers/course.js';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { closePeers, collector } from './helpers/peers.js';
import { available, sockclient, sockserve, start, stopAll } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');
const BYTES = 7;
const EINTR_EVERY = 10;

const canCompile = available('cc');
const testWithShim = canCompile ? test : test.skip;

let library: string;
let log: string;

beforeEach(() => {
  const folder = temporaryFolder();
  log = path.join(folder, 'counts');
  library = path.join(folder, 'short-send.so');
  if (!canCompile) return;
  const source = path.join(__dirname, 'shim/short-send.c');
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
});

afterEach(async () => {
  await stopAll();
  closePeers();
  removeFiles();
});

const environment = (bytes = BYTES): Record<string, string> => ({
  LD_PRELOAD: library,
  SHORT_SEND_BYTES: String(bytes),
  SHORT_SEND_EINTR: String(EINTR_EVERY),
  SHORT_SEND_LOG: log,
});

type Counts = Record<'calls' | 'asked' | 'sent' | 'short' | 'eintr', number>;

/** What the program's one line in the log says. */
function counts(): Counts {
  const fields = fs.readFileSync(log, 'utf8').matchAll(/(\w+)=(\d+)/g);
  return Object.fromEntries(
    Array.from(fields, ([, name, value]) => [name, Number(value)]),
  ) as Counts;
}

testWithShim('sockclient delivers every byte', async () => {
  const { port, messages } = await collector();
  const message = randomBytes(100_000);
  const client = sockclient(['127.0.0.1', String(port)], { input: message, env: environment() });
  expect(await client.finished).toMatchObject({ code: 0, stderr: '' });
  expectSame((await messages[0]) ?? Buffer.alloc(0), message);
  const { calls, sent, short, eintr } = counts();
  expect(sent).toBe(message.length);
  expect(short).toBeGreaterThan(message.length / BYTES - 10);
  expect(eintr).toBe(Math.floor(calls / EINTR_EVERY));
  expect(eintr).toBeGreaterThan(1000);
});

testWithShim('sys.send shows the short count and EINTR, and resends nothing', async () => {
  const { port, messages } = await collector();
  const script = `
    const sys = require('sockkit/sys');
    const { constants } = sys;
    const fd = sys.socket(constants.AF_INET, constants.SOCK_STREAM);
    sys.connect(fd, { address: '127.0.0.1', port: ${port} });
    const results = [];
    for (let i = 0; i < 10; i++) {
      try {
        results.push(sys.send(fd, Buffer.alloc(1000, 'x')));
      } catch (error) {
        results.push([error.syscall, error.code].join(' '));
      }
    }
    console.log(JSON.stringify(results));
    sys.close(fd);`;
  const { stdout, stderr } = await start(process.execPath, ['-e', script], {
    cwd: ROOT,
    env: environment(),
  }).finished;
  expect(stderr).toBe('');
  const nine = Array.from({ length: 9 }, () => BYTES);
  expect(JSON.parse(stdout.toString())).toEqual([...nine, 'send EINTR']);
  expect(await messages[0]).toHaveLength(9 * BYTES);
  expect(counts()).toMatchObject({ calls: 10, asked: 10_000, sent: 63, short: 9, eintr: 1 });
});

testWithShim('sendAll resends what is left over, and no more', async () => {
  const { port, messages } = await collector();
  const script = `
    const { sendAll } = require('sockkit');
    const sys = require('sockkit/sys');
    const { constants } = sys;
    const fd = sys.socket(constants.AF_INET, constants.SOCK_STREAM);
    sys.connect(fd, { address: '127.0.0.1', port: ${port} });
    sendAll(fd, Buffer.from(Array.from({ length: 7000 }, (_, index) => index)));
    sys.close(fd);`;
  const ended = start(process.execPath, ['-e', script], { cwd: ROOT, env: environment() });
  expect(await ended.finished).toMatchObject({ code: 0, stderr: '' });
  const expected = Buffer.from(Array.from({ length: 7000 }, (_, index) => index));
  expectSame((await messages[0]) ?? Buffer.alloc(0), expected);
  // 1,000 calls of 7 bytes each, of which the last is not short, and an EINTR in every tenth call.
  expect(counts()).toMatchObject({ calls: 1111, sent: 7000, short: 999, eintr: 111 });
});

testWithShim('sockserve prints every byte to a socket that takes a few at a time', async () => {
  const message = randomBytes(100_000);
  // stdout is a socket here, and written by send().
  const { server, port } = await sockserve([], { env: environment(13) });
  const client = sockclient(['127.0.0.1', String(port)], { input: message });
  expect(await client.finished).toMatchObject({ code: 0, stderr: '' });
  const { signal, stdout } = await server.kill();
  expect(signal).toBe('SIGTERM');
  expectSame(stdout, message);
  const { sent, short, eintr } = counts();
  expect(sent).toBe(message.length);
  expect(short).toBeGreaterThan(7000);
  expect(eintr).toBeGreaterThan(700);
});

testWithShim('what the system itself cuts short: a small SO_SNDBUF and a slow reader', async () => {
  // Without the library: these short counts are the kernel's own.
  const { port, messages } = await collector();
  const script = `
    const sys = require('sockkit/sys');
    const { constants } = sys;
    const fd = sys.socket(constants.AF_INET, constants.SOCK_STREAM);
    sys.setsockopt(fd, constants.SOL_SOCKET, constants.SO_SNDBUF, 4096);
    sys.connect(fd, { address: '127.0.0.1', port: ${port} });
    const data = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => index % 251));
    let sent = 0;
    let short = 0;
    while (sent < data.length) {
      const rest = data.subarray(sent);
      const count = sys.trySend(fd, rest, constants.MSG_DONTWAIT);
      if (count >= 0 && count < rest.length) short++;
      if (count >= 0) sent += count;
      else sys.poll([{ fd, events: constants.POLLOUT }]);
    }
    sys.close(fd);
    console.log(short);`;
  const { stdout, stderr } = await start(process.execPath, ['-e', script], { cwd: ROOT }).finished;
  expect(stderr).toBe('');
  expect(Number(stdout)).toBeGreaterThan(10);
  const expected = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => index % 251));
  expectSame((await messages[0]) ?? Buffer.alloc(0), expected);
});
