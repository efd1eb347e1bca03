import * as fs from 'node:fs';
import { closePeers, Peer } from '../helpers/peers.js';
import { sockclient, start, stopAll } from '../helpers/run.js';

const GIB = 2 ** 30;
const ALLOWED_KB = 16 * 1024;

afterEach(async () => {
  await stopAll();
  closePeers();
});

/** The most memory that the process has had, in kB. */
function peakMemory(pid: number): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]);
}

test("sockclient's memory does not grow with the message", async () => {
  const bare = start(process.execPath, ['-e', 'setInterval(() => {}, 1e9); console.error("up")']);
  await bare.stderrMatch(/up/);
  let received = 0;
  let done: () => void = () => undefined;
  const everything = new Promise<void>((resolve) => (done = resolve));
  const peer = await Peer.listen((socket) => {
    socket.on('data', (chunk) => {
      received += chunk.length;
      if (received === GIB) done();
    });
    socket.resume();
  });
  const client = sockclient(['127.0.0.1', String(peer.port)], { input: null });
  feed(client.child.stdin, GIB);
  await everything;
  // Its input is still open, so it waits for more and can be looked at.
  expect(peakMemory(client.pid) - peakMemory(bare.pid)).toBeLessThan(ALLOWED_KB);
  client.child.stdin?.end();
  expect(await client.finished).toMatchObject({ code: 0, stderr: '' });
  expect(received).toBe(GIB);
});

/** Writes zeros as fast as they are taken, and leaves the stream open. */
function feed(stream: NodeJS.WritableStream | null, bytes: number): void {
  const chunk = Buffer.alloc(2 ** 20);
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      left -= chunk.length;
      if (stream?.write(chunk) === false) {
        stream.once('drain', more);
        return;
      }
    }
  };
  more();
}
