import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { cleanUp, countSockets } from './helpers/net.js';

const SYS = require.resolve('sockkit/sys');

afterEach(cleanUp);

/** Makes connections within its own thread; `rounds` of them, or until it is terminated. */
const SCRIPT = `
  const { parentPort, workerData } = require('node:worker_threads');
  const sys = require(workerData.sys);
  const { constants: c } = sys;
  function round(text) {
    const server = sys.socket(c.AF_INET, c.SOCK_STREAM);
    sys.bind(server, { address: '127.0.0.1', port: 0 });
    sys.listen(server);
    const client = sys.socket(c.AF_INET, c.SOCK_STREAM);
    sys.connect(client, sys.getsockname(server));
    const { fd, address } = sys.accept(server);
    const buffer = Buffer.alloc(16);
    let received = '';
    for (let i = 0; i < 50; i++) {
      sys.send(client, Buffer.from(text));
      received = buffer.toString('latin1', 0, sys.recv(fd, buffer));
      if (received !== text) throw new Error(received);
    }
    for (const each of [server, client, fd]) sys.close(each);
    return address.address;
  }
  for (let i = 0; i < workerData.rounds; i++) round('worker ' + workerData.id);
  parentPort.postMessage(Object.keys(c).length);
  // Terminated in the middle of calls, or while it waits in one.
  if (workerData.then === 'busy') for (;;) round('busy');
  if (workerData.then === 'waiting') for (;;) sys.poll([], 20);
`;

function start(id: number, rounds: number, then?: 'busy' | 'waiting'): Worker {
  return new Worker(SCRIPT, { eval: true, workerData: { sys: SYS, id, rounds, then } });
}

test('eight at once, each with the addon to itself', async () => {
  const before = countSockets();
  const workers = Array.from({ length: 8 }, (_, id) => start(id, 20));
  const ends = workers.map((worker) => once(worker, 'exit'));
  const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
  expect(new Set(answers.flat()).size).toBe(1);
  expect(await Promise.all(ends)).toEqual(workers.map(() => [0]));
  expect(countSockets()).toBe(before);
});

test('terminated while they work and while they wait', async () => {
  for (const then of ['busy', 'waiting'] as const) {
    const workers = Array.from({ length: 8 }, (_, id) => start(id, 1, then));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(await Promise.all(workers.map((worker) => worker.terminate()))).toEqual(
      workers.map(() => 1),
    );
  }
});

test('one after another', async () => {
  for (let id = 0; id < 5; id++) {
    const worker = start(id, 1);
    await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  }
});
