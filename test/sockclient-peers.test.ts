// Peers that do not do what a server should.
import { randomBytes } from 'node:crypto';
import { closePeers, Peer } from './helpers/peers.js';
import { available, sockclient, start, stopAll, type Finished } from './helpers/run.js';

const MB = 1_000_000;

afterEach(async () => {
  await stopAll();
  closePeers();
});

function send(port: number, input: Uint8Array, options: string[] = []): Promise<Finished> {
  return sockclient([...options, '127.0.0.1', String(port)], { input }).finished;
}

/** A listener of which nobody ever accepts. */
async function deafListener(): Promise<number> {
  const script = `
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], file=sys.stderr, flush=True)
sys.stdin.read()`;
  const [port] = await start('python3', ['-c', script], { input: null }).stderrMatch(/\d+(?=\n)/);
  return Number(port);
}

test('never accepts: what the system can hold is acknowledged, exit status 0', async () => {
  if (!available('python3')) return;
  const port = await deafListener();
  expect(await send(port, Buffer.from('hello'))).toMatchObject({ code: 0, stderr: '' });
});

test('never accepts: --timeout ends the wait for room, with the count', async () => {
  if (!available('python3')) return;
  const port = await deafListener();
  const { code, stderr } = await send(port, randomBytes(20 * MB), ['--timeout', '300ms']);
  expect(stderr).toMatch(
    /^sockclient: send 127\.0\.0\.1:\d+: ETIMEDOUT \(connection timed out\), \d+ of \d+ bytes acknowledged; nothing moved for 300ms\n$/,
  );
  const [acknowledged, total] = counts(stderr);
  expect(acknowledged).toBeGreaterThan(0);
  expect(acknowledged).toBeLessThan(total);
  expect(code).toBe(1);
});

test('never reads: --timeout ends the wait for the last acknowledgement', async () => {
  const peer = await Peer.listen(() => undefined);
  // More than the receive buffer and less than both buffers: the send itself does not block.
  const { code, stderr } = await send(peer.port, randomBytes(20 * MB), ['-w', '200ms']);
  expect(stderr).toContain('ETIMEDOUT (connection timed out)');
  expect(code).toBe(1);
});

test('never closes: it is not waited for', async () => {
  let ended = 0;
  const peer = await Peer.listen((socket) => {
    socket.on('end', () => ended++).resume();
  });
  expect(await send(peer.port, randomBytes(2 * MB))).toMatchObject({ code: 0, stderr: '' });
  expect(ended).toBe(1);
});

test('resets after 1 MB: exit status 1 with the count', async () => {
  const peer = await Peer.listen((socket) => {
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
      if (received >= MB) socket.resetAndDestroy();
    });
    socket.resume();
  });
  const { code, stderr } = await send(peer.port, randomBytes(20 * MB));
  expect(stderr).toMatch(
    /^sockclient: send 127\.0\.0\.1:\d+: ECONNRESET \(connection reset by peer\), \d+ of \d+ bytes acknowledged\n$/,
  );
  const [acknowledged, total] = counts(stderr);
  expect(acknowledged).toBeGreaterThanOrEqual(MB);
  expect(acknowledged).toBeLessThanOrEqual(total);
  expect(code).toBe(1);
});

test('resets before it has read the last bytes: exit status 1', async () => {
  const peer = await Peer.listen((socket) => {
    // The client waits for room by now; its data are never read.
    setImmediate(() => socket.resetAndDestroy());
  });
  const { code, stderr } = await send(peer.port, randomBytes(20 * MB));
  expect(stderr).toMatch(/^sockclient: send 127\.0\.0\.1:\d+: (ECONNRESET|EPIPE) /);
  expect(code).toBe(1);
});

test('closes its sending side at once: everything is still delivered', async () => {
  let received = 0;
  const peer = await Peer.listen((socket) => {
    socket.end();
    socket.on('data', (chunk) => (received += chunk.length)).resume();
  });
  expect(await send(peer.port, randomBytes(5 * MB))).toMatchObject({ code: 0, stderr: '' });
  expect(received).toBe(5 * MB);
});

test('echoes everything: no deadlock, and the replies are discarded', async () => {
  const peer = await Peer.listen((socket) => {
    socket.pipe(socket);
    socket.resume();
  });
  const { code, stderr } = await send(peer.port, randomBytes(20 * MB), ['-v']);
  expect(stderr).toMatch(/20000000 bytes sent and acknowledged; \d+ bytes of replies discarded\n$/);
  expect(code).toBe(0);
});

test('sends for ever and reads nothing: --timeout still holds', async () => {
  const peer = await Peer.listen((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65536)));
      if (!socket.destroyed) socket.once('drain', more);
    };
    more();
  });
  const { code, stderr } = await send(peer.port, randomBytes(20 * MB), ['--timeout', '500ms']);
  expect(stderr).toContain('ETIMEDOUT (connection timed out)');
  expect(code).toBe(1);
});

test('a signal ends it while it waits for the peer', async () => {
  const peer = await Peer.listen(() => undefined);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const client = sockclient(['--progress', '127.0.0.1', String(peer.port)], {
      input: randomBytes(20 * MB),
    });
    await client.stderrMatch(/sockclient: /);
    expect((await client.kill(signal)).signal).toBe(signal);
  }
});

function counts(stderr: string): [number, number] {
  const match = /, (\d+) of (\d+) bytes/.exec(stderr);
  return [Number(match?.[1]), Number(match?.[2])];
}
