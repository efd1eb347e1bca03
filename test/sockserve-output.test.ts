// Where stdout may lead, and what happens when it fails.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Client, closeClients, sendMessage } from './helpers/clients.js';
import { expectSame } from './helpers/course.js';
import { openFile, OutputFile, removeFiles, temporaryFolder } from './helpers/files.js';
import { eventually } from './helpers/proc.js';
import { commandFile, freePort, listening, run, sockserve, start, stopAll } from './helpers/run.js';

const MIB = 2 ** 20;

afterEach(async () => {
  closeClients();
  await stopAll();
  removeFiles();
});

test('a reader who has gone: exit status 1 with what was lost', async () => {
  const { server, port } = await sockserve();
  server.child.stdout?.destroy();
  await sendMessage(port, 'Go Tigers!\n');
  const { code, stderr } = await server.finished;
  expect(stderr).toMatch(
    /\nsockserve: write stdout: EPIPE \(broken pipe\), 11 bytes of 1 message could not be written\n$/,
  );
  expect(code).toBe(1);
});

test('a pipe whose reader has gone', async () => {
  const { fifo, reader } = startReader('head', '-n', '1');
  const { server, port } = await sockserve([], { stdout: openFile(fifo, 'w') });
  await sendMessage(port, 'one\n');
  expect((await reader.finished).stdout.toString()).toBe('one\n');
  await sendMessage(port, 'two\n');
  const { code, stderr } = await server.finished;
  expect(stderr).toContain('EPIPE (broken pipe), 4 bytes of 1 message could not be written\n');
  expect(code).toBe(1);
});

test('a full disk: exit status 1, also where a signal is pending', async () => {
  const { server, port } = await sockserve([], { stdout: openFile('/dev/full', 'w') });
  await sendMessage(port, 'x'.repeat(3_000_000));
  server.child.kill('SIGTERM');
  const { code, signal, stderr } = await server.finished;
  expect(stderr).toMatch(
    /\nsockserve: write stdout: ENOSPC \(no space left on device\), \d+ bytes of 1 message could not be written\n$/,
  );
  expect({ code, signal }).toEqual({ code: 1, signal: null });
});

test('the count covers every message that was lost', async () => {
  const { server, port } = await sockserve([], { stdout: openFile('/dev/full', 'w') });
  const others = await Promise.all([
    Client.sending(port, 'half of one'),
    Client.sending(port, 'half of another'),
  ]);
  await sendMessage(port, 'whole');
  const { code, stderr } = await server.finished;
  expect(stderr).toContain('31 bytes of 3 messages could not be written\n');
  expect(stderr).toContain('2 connections were cut before their message ended\n');
  expect(code).toBe(1);
  for (const other of others) expect(await other.closed).toBe('ECONNRESET');
});

test('a descriptor that cannot be written to is refused at once', async () => {
  const { code, stderr } = await run(process.execPath, [commandFile('sockserve'), '0'], {
    stdout: openFile('/dev/zero', 'r'),
  });
  expect(stderr).toBe('sockserve: write stdout: EBADF (bad file descriptor)\n');
  expect(code).toBe(1);
});

test('a closed stdout is like /dev/null', async () => {
  const args = ['-c', 'exec "$0" "$1" 0 >&-', process.execPath, commandFile('sockserve')];
  const server = start('sh', args);
  const [, port] = await server.stderrMatch(/port (\d+)/);
  expect(await sendMessage(Number(port), 'Go Tigers!\n')).toBe('end');
  const { signal, stderr } = await server.kill();
  expect(stderr).toMatch(/^sockserve: listening on port \d+\n$/);
  expect(signal).toBe('SIGTERM');
});

describe('a message of 5 MB comes out whole through', () => {
  const messages = [randomBytes(5_000_000), Buffer.from('short\n')];

  async function exchange(stdout: number): Promise<void> {
    const { server, port } = await sockserve([], { stdout });
    for (const message of messages) expect(await sendMessage(port, message)).toBe('end');
    expect((await server.kill()).signal).toBe('SIGTERM');
  }

  test('a file', async () => {
    const output = new OutputFile(temporaryFolder());
    await exchange(output.fd);
    expectSame(output.read(), Buffer.concat(messages));
  });

  test('a file that is written over', async () => {
    const file = path.join(temporaryFolder(), 'received');
    fs.writeFileSync(file, 'what was there before');
    await exchange(openFile(file, 'r+'));
    expectSame(fs.readFileSync(file), Buffer.concat(messages));
  });

  test.each([
    ['a pipe', fs.constants.O_WRONLY],
    ['a non-blocking pipe', fs.constants.O_WRONLY | fs.constants.O_NONBLOCK],
  ])('%s', async (_name, flags) => {
    const { fifo, reader } = startReader('cat');
    const holder = fs.openSync(fifo, 'w'); // Waits for the reader.
    const stdout = fs.openSync(fifo, flags);
    fs.closeSync(holder);
    try {
      await exchange(stdout);
    } finally {
      fs.closeSync(stdout);
    }
    expectSame((await reader.finished).stdout, Buffer.concat(messages));
  });

  test("another user's pipe, which cannot be opened anew", async () => {
    if (process.getuid?.() !== 0) {
      console.warn('skipped: only root can give a pipe to another user');
      return;
    }
    const script =
      '{ setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$1" 0 & echo "pid $!" >&2; wait; } | cat';
    const shell = start('sh', ['-c', script, process.execPath, commandFile('sockserve')]);
    const [, pid] = await shell.stderrMatch(/pid (\d+)/);
    try {
      const [, port] = await shell.stderrMatch(/port (\d+)/);
      for (const message of messages) expect(await sendMessage(Number(port), message)).toBe('end');
    } finally {
      process.kill(Number(pid));
    }
    expectSame((await shell.finished).stdout, Buffer.concat(messages));
  });
});

function startReader(...command: string[]) {
  const fifo = path.join(temporaryFolder(), 'fifo');
  spawnSync('mkfifo', [fifo]);
  const [file = '', ...args] = command;
  return { fifo, reader: start(file, [...args, fifo]) };
}

describe('with 2>&1', () => {
  test('diagnostics wait for the end of the message that is being printed', async () => {
    const output = new OutputFile(temporaryFolder());
    const args = [commandFile('sockserve'), '--verbose', '0'];
    const server = start(process.execPath, args, { stdout: output.fd, stderr: output.fd });
    const said = await eventually(
      'it says its port',
      () => /port (\d+)\n/.exec(output.read().toString())?.[1],
      server,
    );
    const port = Number(said);
    const before = output.size;
    const parts = ['A', 'B', 'C'].map((letter) => Buffer.alloc(2 * MIB, letter));
    const [first = '', second = '', third = ''] = parts;
    const large = await Client.sending(port, first);
    await eventually('it has the floor', () => output.size === before + 2 * MIB, server);
    // Each of these is worth a line, and needs no turn of its own to be said.
    for (let i = 0; i < 20; i++) expect(await sendMessage(port, '')).toBe('end');
    const reset = await Client.connect(port);
    await reset.reset();
    await large.write(second);
    await eventually('more of it is printed', () => output.size >= before + 4 * MIB, server);
    expect(await large.end(third)).toBe('end');
    expect((await server.kill()).signal).toBe('SIGTERM');

    const printed = output.read().subarray(before);
    expectSame(printed.subarray(0, 6 * MIB), Buffer.concat(parts));
    const lines = printed
      .subarray(6 * MIB)
      .toString()
      .split('\n');
    expect(lines.filter((line) => line.endsWith(': 0 bytes, complete'))).toHaveLength(20);
    expect(lines).toContain(`sockserve: 127.0.0.1:${large.port}: ${6 * MIB} bytes, complete`);
    expect(lines.every((line) => line === '' || line.startsWith('sockserve: '))).toBe(true);
  });

  test('a line of ours never begins in the middle of a line of theirs on a pipe either', async () => {
    const args = [
      '-c',
      'exec "$0" "$1" --verbose 0 2>&1',
      process.execPath,
      commandFile('sockserve'),
    ];
    const server = start('sh', args);
    const said = await server.until(
      'it says its port',
      () => /port (\d+)\n/.exec(server.stdout.toString('latin1'))?.[1],
    );
    const port = Number(said);
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        sendMessage(port, `${'x'.repeat(200_000)}${index}\n`),
      ),
    );
    const { stdout } = await server.kill();
    const lines = stdout.toString().trimEnd().split('\n').slice(1);
    const told = lines.filter((line) =>
      /^sockserve: [\d.]+:\d+: 200002 bytes, complete$/.test(line),
    );
    expect(told).toHaveLength(10);
    expect(lines.filter((line) => /^x{200000}\d$/.test(line))).toHaveLength(10);
    expect(lines).toHaveLength(21);
  });

  test('a reader who stops reading what it says does not keep it from ending', async () => {
    const fifo = path.join(temporaryFolder(), 'fifo');
    spawnSync('mkfifo', [fifo]);
    openFile(fifo, 'r+'); // A reader that never reads.
    const both = openFile(fifo, 'w');
    const port = await freePort();
    const args = [commandFile('sockserve'), '--verbose', '--stall', '300ms', String(port)];
    const server = start(process.execPath, args, { stdout: both, stderr: both });
    await listening(port, server);
    // Each of them is a line, and all of them are more than a pipe holds.
    for (let i = 0; i < 2500; i++) expect(await sendMessage(port, '')).toBe('end');
    const { code, signal } = await server.kill();
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
