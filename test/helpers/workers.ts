// Threads with code of their own, which gets `sockkit` and `data`, and says things by `say()`.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const running = new Set<Worker>();
const PACKAGE = require.resolve('sockkit');

export interface Thread {
  worker: Worker;
  /** The next thing that it says. */
  said(): Promise<unknown>;
  /** Its exit code. */
  ended: Promise<number>;
}

export function startThread(code: string, data: unknown = null): Thread {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const sockkit = require(workerData.path);
     const sys = require(workerData.path.replace(/index\\.js$/, 'sys.js'));
     const { Socket, constants: c } = sockkit;
     const data = workerData.data;
     const say = (what) => parentPort.postMessage(what);
     ${code}`,
    { eval: true, workerData: { path: PACKAGE, data } },
  );
  running.add(worker);
  const said: unknown[] = [];
  worker.on('message', (what) => said.push(what));
  const ended = once(worker, 'exit').then(([code]) => {
    running.delete(worker);
    return code as number;
  });
  // Whoever awaits it is told; that nobody does is no error of its own.
  ended.catch(() => undefined);
  return {
    worker,
    ended,
    async said() {
      while (said.length === 0) await once(worker, 'message');
      return said.shift();
    },
  };
}

/** For afterEach. */
export async function stopThreads(): Promise<void> {
  await Promise.all([...running].map((worker) => worker.terminate()));
  running.clear();
}
