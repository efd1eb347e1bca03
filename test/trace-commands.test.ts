import * as fs from 'node:fs';
import * as path from 'node:path';
import { expectSameLines, tenAtOnce } from './helpers/course.js';
import { openFile, OutputFile, removeFiles, temporaryFolder } from './helpers/files.js';
import { eventually } from './helpers/proc.js';
import {
  commandFile,
  listening,
  freePort,
  sockclient,
  sockserve,
  start,
  stopAll,
} from './helpers/run.js';
import { calls, jsonLines, traceLines } from './helpers/trace.js';

afterEach(async () => {
  await stopAll();
  removeFiles();
});

const MESSAGE = 'Go Tigers!\n';

/** sockserve's stderr without the line that says where it listens. */
const traceOf = (stderr: string) => stderr.replace(/^sockserve: .*\n/m, '');

async function exchange(option: string) {
  const { server, port } = await sockserve([option]);
  const client = await sockclient([option, '127.0.0.1', String(port)], { input: MESSAGE }).finished;
  await server.until('the message is printed', () => server.stdout.length === MESSAGE.length);
  return { client, server: await server.kill(), port };
}

test('the calls of both, as strace has them', async () => {
  const { client, server } = await exchange('--trace');
  expect([client.code, client.stdout.length]).toEqual([0, 0]);
  const lines = calls(client.stderr).map((line) => line.replace(/\b\d\d\b/g, 'FD'));
  expect(lines.slice(0, 4)).toEqual([
    'socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = FD',
    'connect(FD, {sa_family=AF_INET, sin_port=htons(PORT), sin_addr=inet_addr("127.0.0.1")}, FD) = 0',
    'send(FD, "Go Tigers!\\n", FD, MSG_DONTWAIT|MSG_NOSIGNAL) = FD',
    'shutdown(FD, SHUT_WR) = 0',
  ]);
  expect(lines[4]).toMatch(/^getsockopt\(FD, SOL_TCP, TCP_INFO, "/);
  expect(lines.at(-1)).toBe('close(FD) = 0');
  // One thread alone has no number.
  expect(traceLines(client.stderr).every(({ tid }) => tid === null)).toBe(true);

  expect(server.stdout.toString()).toBe(MESSAGE);
  expect(server.signal).toBe('SIGTERM');
  const served = calls(traceOf(server.stderr)).map((line) => line.replace(/\(\d+, /, '(FD, '));
  expect(served).toContain('setsockopt(FD, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0');
  expect(served).toContain('listen(FD, 10) = 0');
  expect(served).toContain('recv(FD, "", 16373, MSG_DONTWAIT) = 0');
  expect(served.join('\n')).toMatch(/recv\(FD, "Go Tigers!\\n", 16384, MSG_DONTWAIT\) = 11/);
});

test('as JSON, with the same names', async () => {
  const { client, server, port } = await exchange('--trace=json');
  const lines = jsonLines(client.stderr);
  const fd = lines[0]?.result;
  const { pid } = lines[0] ?? {};
  expect(lines[0]).toEqual({
    time: expect.any(Number) as number,
    pid: expect.any(Number) as number,
    tid: pid,
    call: 'socket',
    args: { domain: 'AF_INET', type: 'SOCK_STREAM|SOCK_CLOEXEC', protocol: 'IPPROTO_IP' },
    result: expect.any(Number) as number,
  });
  expect(lines.map(({ call, args, result }) => ({ call, args, result }))).toContainEqual({
    call: 'send',
    args: { fd, buf: MESSAGE, len: 11, flags: 'MSG_DONTWAIT|MSG_NOSIGNAL' },
    result: 11,
  });
  const address = { sa_family: 'AF_INET', sin_port: port, sin_addr: '127.0.0.1' };
  expect(lines[1]?.args).toEqual({ fd, addr: address, addrlen: 16 });
  const served = jsonLines(traceOf(server.stderr));
  const refused = served.filter(({ error }) => error !== undefined);
  expect(refused.every(({ result, error }) => result === -1 && error === 'EAGAIN')).toBe(true);
  expect(served.map(({ call }) => call)).toEqual(
    expect.arrayContaining(['socket', 'bind', 'listen', 'accept4', 'recv', 'close', 'poll']),
  );
  const times = lines.map(({ time }) => time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test.each([
  ['sockserve', ['--trace=xml', '5000']],
  ['sockclient', ['--trace=', 'h', '5000']],
] as const)('%s: a format that is none is a usage error', async (command, args) => {
  const { code, stderr } = await start(process.execPath, [commandFile(command), ...args]).finished;
  expect(stderr).toMatch(
    /^sock\w+: --trace '\w*' is none of its values; write --trace=text or --trace=json \(/,
  );
  expect(code).toBe(2);
});

test('--trace takes no argument for its value', async () => {
  const { code, stderr } = await sockclient(['--trace', 'h', 'not-a-port']).finished;
  expect(stderr).toContain("port 'not-a-port' is not a number");
  expect(code).toBe(2);
});

test.each(['sockserve', 'sockclient'] as const)('the help of %s has it', async (command) => {
  const { stdout } = await start(process.execPath, [commandFile(command), '--help']).finished;
  expect(stdout.toString()).toMatch(/--trace\[=text\|json\]\n? +Print each system call/);
});

test('ten clients: each has a thread of its own from accept to close', async () => {
  const output = new OutputFile(temporaryFolder());
  const { server, port } = await sockserve(['--trace'], { stdout: output.fd });
  const sent = await tenAtOnce(
    (input) => sockclient(['127.0.0.1', String(port)], { input: input ?? null }),
    100,
  );
  await eventually('all is printed', () => output.size === sent.length, server);
  const { stderr } = await server.kill();
  expectSameLines(output.read(), sent);
  const open = new Map<string, number>();
  const threads = new Map<number, number>();
  for (const { tid, text } of traceLines(traceOf(stderr))) {
    const accepted = /^accept4\(.* = (\d+)$/.exec(text)?.[1];
    const [, call = '', fd = ''] = /^(recv|close)\((\d+)[,)]/.exec(text) ?? [];
    if (accepted !== undefined) {
      open.set(accepted, tid ?? 0);
      threads.set(tid ?? 0, (threads.get(tid ?? 0) ?? 0) + 1);
    } else if (open.has(fd)) {
      expect({ text, tid }).toEqual({ text, tid: open.get(fd) });
      if (call === 'close') open.delete(fd);
    }
  }
  expect([...open]).toEqual([]);
  expect([...threads.values()].reduce((sum, count) => sum + count, 0)).toBe(10);
  expect(threads.size).toBeGreaterThan(1);
});

test('with 2>&1 the lines stay out of the messages', async () => {
  const output = new OutputFile(temporaryFolder());
  const port = await freePort();
  const server = start(process.execPath, [commandFile('sockserve'), '--trace', String(port)], {
    stdout: output.fd,
    stderr: output.fd,
  });
  await listening(port, server);
  const sent = await tenAtOnce(
    (input) => sockclient(['127.0.0.1', String(port)], { input: input ?? null }),
    100,
  );
  const messages = () =>
    output
      .read()
      .toString('latin1')
      .split('\n')
      .filter((line) => /^[a-z]{100,}$/i.test(line));
  await eventually('all is printed', () => messages().length === 10, server);
  await server.kill();
  expectSameLines(Buffer.from(`${messages().join('\n')}\n`, 'latin1'), sent);
  const rest = output
    .read()
    .toString('latin1')
    .split('\n')
    .filter((line) => !/^[a-z]{100,}$/i.test(line))
    .filter((line) => line !== '(further lines were dropped)');
  const lines = traceLines(rest.join('\n'));
  expect(lines.length).toBeGreaterThan(50);
});

describe('a stderr that takes nothing costs no message', () => {
  const LONG = Buffer.alloc(300_000, 'abcdefg\n');

  async function serveWith(stderr: number): Promise<void> {
    const output = new OutputFile(temporaryFolder());
    const port = await freePort();
    const server = start(process.execPath, [commandFile('sockserve'), '--trace', String(port)], {
      stdout: output.fd,
      stderr,
    });
    await listening(port, server);
    for (let i = 0; i < 3; i++) {
      const client = sockclient(['127.0.0.1', String(port)], { input: LONG });
      expect((await client.finished).code).toBe(0);
    }
    await eventually('all is printed', () => output.size === 3 * LONG.length, server);
    expect((await server.kill()).signal).toBe('SIGTERM');
    expect(output.read().equals(Buffer.concat([LONG, LONG, LONG]))).toBe(true);
  }

  test('a full disk', () => serveWith(openFile('/dev/full', 'w')));

  test('a pipe that nobody reads', async () => {
    const holder = start('sh', ['-c', 'mkfifo "$0" && exec sleep 1000 < "$0"', fifo()]);
    const fd = await openFifo(holder.child.spawnargs.at(-1) ?? '');
    await serveWith(fd);
    await holder.kill('SIGKILL');
  });

  test('a pipe whose reader has gone', async () => {
    const reader = start('sh', ['-c', 'mkfifo "$0" && exec head -c 10 < "$0"', fifo()]);
    const fd = await openFifo(reader.child.spawnargs.at(-1) ?? '');
    await serveWith(fd);
    expect((await reader.finished).stdout).toHaveLength(10);
  });

  test('one that is closed', async () => {
    const output = new OutputFile(temporaryFolder());
    const port = await freePort();
    const command = `exec "$0" "$@" 2>&-`;
    const args = [process.execPath, commandFile('sockserve'), '--trace', String(port)];
    const server = start('sh', ['-c', command, ...args], { stdout: output.fd });
    await listening(port, server);
    const client = sockclient(['127.0.0.1', String(port)], { input: MESSAGE });
    expect((await client.finished).code).toBe(0);
    await eventually('it is printed', () => output.size === MESSAGE.length, server);
    expect((await server.kill()).signal).toBe('SIGTERM');
  });

  function fifo(): string {
    return path.join(temporaryFolder(), 'fifo');
  }

  async function openFifo(name: string): Promise<number> {
    await eventually('the pipe is there', () => fs.existsSync(name));
    return openFile(name, 'w');
  }
});

test('a reader who is slow gets every line', async () => {
  const { server, port } = await sockserve(['--trace']);
  server.child.stderr?.pause();
  const client = sockclient(['127.0.0.1', String(port)], { input: Buffer.alloc(4_000_000, 'x\n') });
  // Wherever it waits by then: for us, or already for its end.
  await server.until('some of it is printed', () => server.stdout.length > 65_536);
  server.child.stderr?.resume();
  expect((await client.finished).code).toBe(0);
  await server.until('it is printed', () => server.stdout.length === 4_000_000);
  const { stderr } = await server.kill();
  const lines = traceOf(stderr).replace(/^\(\d+ lines were dropped.*\n/gm, '');
  const received = traceLines(lines)
    .filter(({ text }) => !text.includes('MSG_PEEK'))
    .map(({ text }) => /^recv\(.*\) = (\d+)$/.exec(text)?.[1] ?? '0')
    .reduce((sum, count) => sum + Number(count), 0);
  // On a machine so busy that the pause took a second, some of them are gone, and a line says so.
  if (lines === traceOf(stderr)) expect(received).toBe(4_000_000);
  else expect(received).toBeGreaterThan(65_536);
});
