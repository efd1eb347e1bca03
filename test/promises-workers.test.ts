// Environments that end while something is pending, and programs in which nothing is.
import * as path from 'node:path';
import * as sys from 'sockkit/sys';
import { countSockets } from './helpers/net.js';
import { run, stopAll } from './helpers/run.js';
import { startThread, stopThreads } from './helpers/workers.js';

const PROMISES = require.resolve('sockkit/promises');

afterEach(async () => {
  await stopThreads();
  await stopAll();
});

const THREADS = 8;
const HEAD = `const promises = require(${JSON.stringify(PROMISES)}).Socket;`;
const WAITS = JSON.stringify(path.join(path.dirname(PROMISES), 'waits.js'));
const WAYS = { epoll: HEAD, poll: `${HEAD} require(${WAITS}).waitByPoll(true);` };
const ways = Object.keys(WAYS) as (keyof typeof WAYS)[];
const LISTENER = `
  const server = new promises(c.AF_INET, c.SOCK_STREAM);
  server.bind({ address: '127.0.0.1', port: 0 });
  server.listen();`;

// Each says that something is pending, which it then is.
const PENDING = {
  accept: `${LISTENER}
    server.accept();
    say('pending');`,
  recv: `
    const [one, other] = promises.pair(c.AF_UNIX, c.SOCK_STREAM);
    one.recv(1);
    other.recvExact(5);
    say('pending');`,
  send: `
    const [one, other] = promises.pair(c.AF_UNIX, c.SOCK_STREAM);
    one.sendAll(Buffer.alloc(1e8));
    say('pending');`,
  'connect to a full unix queue': `
    const server = new promises(c.AF_UNIX, c.SOCK_STREAM);
    server.bind({ path: '' });
    server.listen(0);
    for (let count = 0; count < 4; count++) {
      new promises(c.AF_UNIX, c.SOCK_STREAM).connect(server.localAddress);
    }
    say('pending');`,
  // Readiness keeps coming while it ends.
  traffic: `
    const echo = async () => {
      const [one, other] = promises.pair(c.AF_UNIX, c.SOCK_STREAM);
      void (async () => { for await (const chunk of other) await other.sendAll(chunk); })();
      for (;;) { await one.sendAll('x'); await one.recv(1); }
    };
    for (let count = 0; count < 20; count++) echo();
    say('pending');`,
};

const terminated = Object.entries(PENDING).flatMap(([name, code]) =>
  ways.map((way) => [name, way, code] as const),
);

test.each(terminated)(
  'eight workers end when they are terminated during %s, with %s, and leave nothing',
  async (_, way, code) => {
    const before = countSockets();
    const threads = Array.from({ length: THREADS }, () => startThread(WAYS[way] + code));
    for (const thread of threads) expect(await thread.said()).toBe('pending');
    expect(countSockets()).toBeGreaterThanOrEqual(before + THREADS);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    for (const thread of threads) expect(await thread.ended).toBe(1);
    expect(countSockets()).toBe(before);
  },
);

test.each(ways)('workers that wait for each other, with %s', async (way) => {
  const [one, other] = sys.socketpair(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM);
  const code = `
    const socket = promises.fromFd(data.fd);
    (async () => {
      for (let count = 0; count < 200; count++) {
        if (data.first) await socket.sendAll(String(count % 10));
        const got = await socket.recvExact(1);
        if (!data.first) await socket.sendAll(got);
      }
      socket.close();
      say('done');
    })();`;
  const threads = [
    startThread(WAYS[way] + code, { fd: one, first: true }),
    startThread(WAYS[way] + code, { fd: other, first: false }),
  ];
  for (const thread of threads) expect(await thread.said()).toBe('done');
  // By themselves: nothing is pending any more.
  for (const thread of threads) expect(await thread.ended).toBe(0);
});

const program = (code: string) =>
  run(process.execPath, [
    '-e',
    `const { Socket, constants: c } = require(${JSON.stringify(PROMISES)}); ${code}`,
  ]);

test('a program ends when nothing is pending, though sockets are open', async () => {
  const { code, stderr, stdout } = await program(`
    const [one, other] = Socket.pair(c.AF_UNIX, c.SOCK_STREAM);
    (async () => {
      const pending = other.recv(5);
      await one.sendAll('hello');
      console.log(String(await pending));
      await other.recv(1, { timeoutMs: 5 }).catch((error) => console.log(error.code));
    })();`);
  expect({ code, stderr, stdout: String(stdout) }).toEqual({
    code: 0,
    stderr: '',
    stdout: 'hello\nETIMEDOUT\n',
  });
});

test('a program goes on while something is pending', async () => {
  const { code, stdout } = await program(`
    const { Worker } = require('node:worker_threads');
    const [one, other] = Socket.pair(c.AF_UNIX, c.SOCK_STREAM);
    other.recv(5).then((data) => console.log(String(data)));
    // It keeps nothing alive; what it sends does come all the same.
    new Worker(
      \`const fd = require('node:worker_threads').workerData;
       setTimeout(() => require('node:fs').writeSync(fd, 'later'), 50)\`,
      { eval: true, workerData: one.detach() },
    ).unref();`);
  expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'later\n' });
});

test.each(['process.exit(3)', 'process.kill(process.pid, "SIGTERM")', 'throw new Error("oh")'])(
  'a program in which something is pending ends by %s',
  async (ending) => {
    const { code, signal, stderr } = await program(`
      const pairs = Array.from({ length: 50 }, () => Socket.pair(c.AF_UNIX, c.SOCK_STREAM));
      for (const [one] of pairs) one.recv(1);
      setImmediate(() => { for (const [, other] of pairs) other.send(Buffer.from('x')); ${ending}; });`);
    if (ending.includes('exit')) expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    else if (ending.includes('kill')) expect(signal).toBe('SIGTERM');
    else expect({ code, oh: stderr.includes('Error: oh') }).toEqual({ code: 1, oh: true });
  },
);
