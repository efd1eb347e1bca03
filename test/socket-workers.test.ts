import { Socket } from 'sockkit';
import * as sys from 'sockkit/sys';
import { openFds } from './helpers/net.js';
import { closeSockets, listening, own } from './helpers/sockets.js';
import { startThread, stopThreads } from './helpers/workers.js';

afterEach(async () => {
  await stopThreads();
  closeSockets();
});

const THREADS = 8;

// Each says that it is about to block, and then does.
const BLOCKED = {
  accept: `
    const server = new Socket(c.AF_INET, c.SOCK_STREAM);
    server.bind({ address: '127.0.0.1', port: 0 });
    server.listen();
    say('blocked');
    server.accept();`,
  recv: `
    const server = new Socket(c.AF_INET, c.SOCK_STREAM);
    server.bind({ address: '127.0.0.1', port: 0 });
    server.listen();
    const client = new Socket(c.AF_INET, c.SOCK_STREAM);
    client.connect(server.localAddress);
    const { socket } = server.accept();
    say('blocked');
    socket.recv(1);`,
  send: `
    const server = new Socket(c.AF_INET, c.SOCK_STREAM);
    server.bind({ address: '127.0.0.1', port: 0 });
    server.listen();
    const client = new Socket(c.AF_INET, c.SOCK_STREAM);
    client.connect(server.localAddress);
    say('blocked');
    for (;;) client.sendAll(Buffer.alloc(1 << 20));`,
  connect: `
    const server = new Socket(c.AF_INET, c.SOCK_STREAM);
    server.bind({ address: '127.0.0.1', port: 0 });
    server.listen(0);
    const clients = [];
    say('blocked');
    for (;;) {
      const client = new Socket(c.AF_INET, c.SOCK_STREAM);
      clients.push(client);
      client.connect(server.localAddress);
    }`,
  'connect to a full unix queue': `
    const server = new Socket(c.AF_UNIX, c.SOCK_STREAM);
    server.bind({ path: '' });
    server.listen(0);
    const clients = [];
    say('blocked');
    for (;;) {
      const client = new Socket(c.AF_UNIX, c.SOCK_STREAM);
      clients.push(client);
      client.connect(server.localAddress);
    }`,
};

/** How many descriptors are sockets: other threads can have other kinds come and go. */
function sockets(): number {
  return openFds().filter((fd) => {
    try {
      sys.getsockname(Number(fd));
      return true;
    } catch {
      return false;
    }
  }).length;
}

test.each(Object.entries(BLOCKED))(
  'eight workers that are blocked in %s end when they are terminated, and leave no descriptor',
  async (_, code) => {
    const before = sockets();
    const threads = Array.from({ length: THREADS }, () => startThread(code));
    for (const thread of threads) expect(await thread.said()).toBe('blocked');
    expect(sockets()).toBeGreaterThanOrEqual(before + THREADS);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    for (const thread of threads) expect(await thread.ended).toBe(1);
    expect(sockets()).toBe(before);
  },
);

test('eight workers accept from one listener, each with a descriptor of its own', async () => {
  const server = listening('tcp4', 64);
  const code = `
    const server = Socket.fromFd(data);
    for (;;) {
      const { socket } = server.accept();
      socket.sendAll('hello');
      socket.close();
      say('served');
    }`;
  const threads = Array.from({ length: THREADS }, () => startThread(code, server.dup().detach()));
  const greetings: string[] = [];
  for (let count = 0; count < 40; count++) {
    const client = own(new Socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM));
    client.setTimeout(10_000);
    client.connect(server.localAddress);
    greetings.push(client.recvExact(5).toString());
    client.close();
  }
  expect(greetings).toEqual(new Array(40).fill('hello'));
  await Promise.all(threads.map(({ worker }) => worker.terminate()));
});

test('the main thread runs while a worker is blocked', async () => {
  const server = listening();
  const thread = startThread(
    `
    const client = sockkit.createConnection({ host: '127.0.0.1', port: data });
    say('blocked');
    say(client.recv(100).toString());
    client.close();`,
    (server.localAddress as { port: number }).port,
  );
  expect(await thread.said()).toBe('blocked');
  const { socket } = server.accept();
  own(socket).sendAll('from the main thread');
  expect(await thread.said()).toBe('from the main thread');
  expect(await thread.ended).toBe(0);
});

test('what a worker leaves open is closed when it ends by itself', async () => {
  const server = listening();
  const thread = startThread(
    `
    globalThis.left = sockkit.createConnection({ host: '127.0.0.1', port: data });
    say(globalThis.left.fd);`,
    (server.localAddress as { port: number }).port,
  );
  const accepted = own(server.accept().socket);
  accepted.setTimeout(10_000);
  expect(await thread.said()).toBeGreaterThan(2);
  expect(await thread.ended).toBe(0);
  expect(accepted.recv(1)).toHaveLength(0);
});
