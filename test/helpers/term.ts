// SIGTERM as soon as sockclient has exited: what its exit status 0 promises.
import { randomBytes } from 'node:crypto';
import { expectSame } from './course.js';
import { sockclient, sockserve } from './run.js';

const SIZES = [12, 100_000, 3_000_000];

/** Two at a time, since each of them mostly waits for programs to start. */
export async function termAfterExit(rounds: number): Promise<void> {
  const lanes = [0, 1].map(async (lane) => {
    for (let round = lane; round < rounds; round += 2) await termOnce(round);
  });
  await Promise.all(lanes);
}

async function termOnce(round: number): Promise<void> {
  const message = randomBytes(SIZES[round % SIZES.length] ?? 0);
  const { server, port } = await sockserve();
  const client = sockclient(['127.0.0.1', String(port)], { input: message });
  // Not after `finished`, which waits for the end of the client's output as well.
  const code = await new Promise((resolve) => client.child.once('exit', resolve));
  const { signal, stdout, stderr } = await server.kill();
  expect({ code, signal }).toEqual({ code: 0, signal: 'SIGTERM' });
  expect(stderr).toBe(`sockserve: listening on port ${port}\n`);
  expectSame(stdout, message);
}
