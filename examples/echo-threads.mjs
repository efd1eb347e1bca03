// An echo server as a course writes it with threads: each blocks in accept(), serves one client to its
// end with blocking calls, and accepts the next. All threads share one listener, and the kernel gives
// each connection to one of them.
//
//   node examples/echo-threads.mjs 5000 4       port and threads
//   nc 127.0.0.1 5000                           in another terminal, or in five: the fifth waits
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { constants, Socket } from 'sockkit';

const { AF_INET, SOCK_STREAM } = constants;

if (isMainThread) {
  const [, , port = '5000', threads = '4'] = process.argv;
  const listener = new Socket(AF_INET, SOCK_STREAM);
  listener.setOption('reuseAddr', true); // So that it can be started again at once.
  listener.bind({ address: '0.0.0.0', port: Number(port) });
  listener.listen();
  const workers = Array.from({ length: Number(threads) }, (_, index) => {
    // Each thread owns a descriptor of its own, so that none closes what another one uses.
    const fd = listener.dup().detach();
    return new Worker(fileURLToPath(import.meta.url), { workerData: { fd, name: index + 1 } });
  });
  console.log(`${workers.length} threads on port ${listener.localAddress.port}`);

  // The main thread is not blocked: it could serve HTTP meanwhile. Blocked workers can be terminated.
  process.once('SIGINT', async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
    listener.close();
    console.log('all threads have ended');
  });
} else {
  const listener = Socket.fromFd(workerData.fd);
  for (;;) {
    const { socket, address } = listener.accept();
    try {
      // Not console.log(): in a worker that goes through the main thread once this one is idle.
      socket.sendAll(`thread ${workerData.name} serves ${address.address}:${address.port}\n`);
      for (let data = socket.recv(65536); data.length > 0; data = socket.recv(65536)) {
        socket.sendAll(data);
      }
    } catch {
      // The client has reset the connection; the next one does not care.
    }
    socket.close();
  }
}
