// Worker threads: several load the addon at once, and one is ended while it waits in a call.
import { strict as assert } from 'node:assert';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { constants, Socket } from 'sockkit';

const { AF_UNIX, SOCK_STREAM } = constants;
if (isMainThread) {
  const start = (what) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: what });
    const said = new Promise((done, fail) => {
      worker.once('message', done);
      worker.once('error', fail);
    });
    return { worker, said, ended: new Promise((done) => worker.once('exit', done)) };
  };
  const some = Array.from({ length: 4 }, () => start('talk'));
  for (const { said, ended } of some) {
    assert.equal(await said, 'Go Tigers!');
    await ended;
  }
  const waiting = start('wait');
  await waiting.said;
  await waiting.worker.terminate();
} else {
  const [a, b] = Socket.pair(AF_UNIX, SOCK_STREAM);
  if (workerData === 'talk') {
    a.sendAll('Go Tigers!');
    parentPort.postMessage(b.recvExact(10).toString());
    a.close();
    b.close();
  } else {
    parentPort.postMessage('waiting');
    b.recv(1);
  }
}
