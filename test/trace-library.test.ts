import * as path from 'node:path';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { CLOSED_FD } from './helpers/net.js';
import { stopAll } from './helpers/run.js';
import { calls, jsonLines, script, traceLines } from './helpers/trace.js';

afterEach(async () => {
  await stopAll();
  removeFiles();
});

const PAIR = 'const [a, b] = sys.socketpair(c.AF_UNIX, c.SOCK_STREAM);';

async function traced(code: string, trace = '1') {
  const { code: status, signal, stderr } = await script(code, trace).finished;
  expect({ status, signal, stderr: status === 0 ? '' : stderr }).toEqual({
    status: 0,
    signal: null,
    stderr: '',
  });
  return stderr;
}

/** Descriptors as letters, in the order in which they come. */
function named(lines: readonly string[]): string[] {
  const letters = new Map<string, string>();
  const name = (fd: string) => {
    const letter = letters.get(fd) ?? 'abcdef'[letters.size] ?? '?';
    letters.set(fd, letter);
    return letter;
  };
  return lines.map((line) =>
    line
      .replace(/(\[)(\d+)(, )(\d+)(\])/, (_all, ...[l, a, s, b, r]: string[]) =>
        [l, name(a ?? ''), s, name(b ?? ''), r].join(''),
      )
      .replace(/^(\w+\()(\d+)/, (_all, head: string, fd: string) => head + name(fd)),
  );
}

test('each call of sockkit/sys, and the short ones that take the quick way', async () => {
  const stderr = await traced(`
    ${PAIR}
    const out = Buffer.from('x'), into = Buffer.alloc(1);
    for (let i = 0; i < 3; i++) { sys.send(a, out); sys.recv(b, into); }
    sys.tryRecv(b, into, c.MSG_DONTWAIT);
    sys.setNonblocking(b, true);
    sys.tryRecv(b, into);
    sys.close(a); sys.close(b);
  `);
  const quick = ['send(a, "x", 1, MSG_NOSIGNAL) = 1', 'recv(b, "x", 1, 0) = 1'];
  const again = '-1 EAGAIN (Resource temporarily unavailable)';
  expect(named(calls(stderr))).toEqual([
    'socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [a, b]) = 0',
    ...[...quick, ...quick, ...quick],
    `recv(b, PTR, 1, MSG_DONTWAIT) = ${again}`,
    'ioctl(b, FIONBIO, [1]) = 0',
    `recv(b, PTR, 1, 0) = ${again}`,
    'close(a) = 0',
    'close(b) = 0',
  ]);
});

test('Socket, and promises with their threads', async () => {
  const stderr = await traced(`
    const [a, b] = sockkit.Socket.pair(c.AF_UNIX, c.SOCK_STREAM);
    a.setOption('sndTimeo', 1500);
    a.sendAll('blocking');
    b.recv(100);
    const [p, q] = promises.Socket.pair(c.AF_UNIX, c.SOCK_STREAM);
    (async () => {
      const received = q.recv(100);
      await p.sendAll('promised');
      await received;
      await promises.getaddrinfo('127.0.0.1', 80);
      for (const each of [a, b, p, q]) each.close();
    })();
  `);
  const lines = traceLines(stderr).map(({ text }) => text);
  const has = (pattern: RegExp) => {
    expect(lines.filter((line) => pattern.test(line))).toHaveLength(1);
  };
  has(/^setsockopt\(\d+, SOL_SOCKET, SO_SNDTIMEO, \{tv_sec=1, tv_usec=500000\}, 16\) = 0$/);
  has(/^send\(\d+, "blocking", 8, MSG_DONTWAIT\|MSG_NOSIGNAL\) = 8$/);
  has(/^recv\(\d+, "blocking", 100, MSG_DONTWAIT\) = 8$/);
  has(/^send\(\d+, "promised", 8, MSG_DONTWAIT\|MSG_NOSIGNAL\) = 8$/);
  has(/^recv\(\d+, "promised", 100, MSG_DONTWAIT\) = 8$/);
  // The look-up is another thread's, so from there on lines have numbers.
  has(/^getaddrinfo\("127.0.0.1", "80", .*"127.0.0.1"\)\}\}\]\) = 0$/);
  const [first, last] = [traceLines(stderr)[0], traceLines(stderr).at(-1)];
  expect(first?.tid).toBeNull();
  expect(last?.tid).toEqual(expect.any(Number));
  // Waits of the readiness thread are no calls of the program's.
  expect(lines.filter((line) => /epoll|eventfd/.test(line))).toEqual([]);
});

test('worker threads, each by its number', async () => {
  const stderr = await traced(`
    ${PAIR}
    const code = "const sys = require('sockkit/sys'); sys.send(" + a + ", Buffer.from('worker'));";
    for (let i = 0; i < 3; i++) new Worker(code, { eval: true });
  `);
  const sent = traceLines(stderr).filter(({ text }) => text.includes('"worker"'));
  expect(sent).toHaveLength(3);
  expect(new Set(sent.map(({ tid }) => tid)).size).toBe(3);
});

test('JSON', async () => {
  const stderr = await traced(
    `const fd = sys.socket(c.AF_INET, c.SOCK_DGRAM);
     sys.sendto(fd, Buffer.from([0, 255, 10]), { address: '127.0.0.1', port: 9 });
     sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE);
     sys.trySend(${CLOSED_FD}, Buffer.alloc(100));
     console.log(fd);`,
    'json',
  );
  const lines = jsonLines(stderr);
  const fd = lines[0]?.result;
  const address = { sa_family: 'AF_INET', sin_port: 9, sin_addr: '127.0.0.1' };
  expect(
    lines.slice(1).map(({ call, args, result, error }) => [call, args, result, error]),
  ).toEqual([
    [
      'sendto',
      { fd, buf: '\0\xff\n', len: 3, flags: 'MSG_NOSIGNAL', addr: address, addrlen: 16 },
      3,
      undefined,
    ],
    [
      'getsockopt',
      { fd, level: 'SOL_SOCKET', optname: 'SO_TYPE', optval: 2, optlen: 4 },
      0,
      undefined,
    ],
    ['send', { fd: CLOSED_FD, buf: '\0'.repeat(32), len: 100, flags: 'MSG_NOSIGNAL' }, -1, 'EBADF'],
  ]);
  expect(Object.keys(lines[3] ?? {})).toEqual([
    ...['time', 'pid', 'tid', 'call', 'args', 'result', 'error'],
  ]);
});

test('a message with an address, buffers and control data as JSON', async () => {
  const name = path.join(temporaryFolder(), 'socket');
  const stderr = await traced(
    `const fd = sys.socket(c.AF_UNIX, c.SOCK_DGRAM);
     sys.bind(fd, { path: ${JSON.stringify(name)} });
     const data = [Buffer.from('ab'), Buffer.from('c')];
     sys.sendmsg(fd, { data, address: { path: ${JSON.stringify(name)} },
       control: [{ type: 'rights', fds: [0] }] });`,
    'json',
  );
  expect(jsonLines(stderr)[2]?.args).toEqual({
    fd: expect.any(Number) as number,
    msg: {
      msg_name: { sa_family: 'AF_UNIX', sun_path: name },
      msg_namelen: 3 + name.length,
      msg_iov: [
        { iov_base: 'ab', iov_len: 2 },
        { iov_base: 'c', iov_len: 1 },
      ],
      msg_iovlen: 2,
      msg_control: [
        { cmsg_len: 20, cmsg_level: 'SOL_SOCKET', cmsg_type: 'SCM_RIGHTS', cmsg_data: [0] },
      ],
      msg_controllen: 24,
      msg_flags: '0',
    },
    flags: 'MSG_NOSIGNAL',
  });
});

test.each(['', '0'])('SOCKKIT_TRACE=%j is no trace', async (value) => {
  expect(await traced(`${PAIR} sys.send(a, Buffer.from('x'));`, value)).toBe('');
});

test('a value that is none is told once, and changes nothing', async () => {
  const stderr = await traced(
    `${PAIR} sys.send(a, Buffer.from('x'));
     for (let i = 0; i < 3; i++) new Worker("require('sockkit')", { eval: true });`,
    'xml',
  );
  expect(stderr).toBe(
    "sockkit: SOCKKIT_TRACE is 'xml', which is no format: write 1 for text, or json\n",
  );
});

test('a worker whose environment has it turns it on', async () => {
  const { stderr, code } = await script(
    `${PAIR}
     const env = { ...process.env, SOCKKIT_TRACE: '1' };
     new Worker("require('sockkit')", { eval: true, env })
       .on('exit', () => sys.send(a, Buffer.from('x')));`,
    null,
  ).finished;
  expect(code).toBe(0);
  expect(stderr).toMatch(/^send\(\d+, "x", 1, MSG_NOSIGNAL\) = 1\n$/);
});

test('process.exit() while threads trace and wait', async () => {
  const program = script(
    `${PAIR}
     const busy = "const sys = require('sockkit/sys');" +
       "require('node:worker_threads').parentPort.postMessage('up');" +
       "for (;;) sys.trySend(${CLOSED_FD}, Buffer.from('busy'));";
     const waiting = "require('sockkit').Socket.fromFd(" + b + ").recv(1);";
     let up = 0;
     new Worker(waiting, { eval: true });
     for (let i = 0; i < 2; i++) {
       new Worker(busy, { eval: true }).on('message', () => ++up === 2 && process.exit(7));
     }`,
    '1',
  );
  const { code, stderr } = await program.finished;
  expect(code).toBe(7);
  const lines = traceLines(stderr.slice(0, stderr.lastIndexOf('\n') + 1));
  expect(lines.filter(({ text }) => text.includes('"busy"')).length).toBeGreaterThan(0);
});

test('a program that nobody reads ends all the same', async () => {
  const program = script(
    `${PAIR} const x = Buffer.from('x'), y = Buffer.alloc(1);
     for (let i = 0; i < 20000; i++) { sys.send(a, x); sys.recv(b, y); }
     require('node:fs').writeSync(1, 'done');`,
    '1',
  );
  program.child.stderr?.pause();
  await program.until('it is done', () => program.stdout.toString() === 'done');
  program.child.stderr?.resume();
  const { code, stderr } = await program.finished;
  expect(code).toBe(0);
  traceLines(stderr.slice(0, stderr.lastIndexOf('\n') + 1));
});
