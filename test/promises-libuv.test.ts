// That the threads of libuv, which a program needs for its files, have no part in what this does.
import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { cleanUp, tempDir, testWhere } from './helpers/net.js';
import { available, run, stopAll } from './helpers/run.js';

const PROMISES = JSON.stringify(require.resolve('sockkit/promises'));

afterEach(async () => {
  await stopAll();
  cleanUp();
});

// Connects by name, sends and receives; `done` is told when all of it has come to an end.
const WORK = `
  const { createConnection, getaddrinfo, Socket, constants: c } = require(${PROMISES});
  async function work() {
    const server = new Socket(c.AF_INET, c.SOCK_STREAM);
    server.bind({ address: '127.0.0.1', port: 0 });
    server.listen();
    const { port } = server.localAddress;
    for (let count = 0; count < 20; count++) {
      const [{ socket }, client] = await Promise.all([
        server.accept(),
        createConnection({ host: 'localhost', port }),
      ]);
      await client.sendAll(Buffer.alloc(1e5));
      await socket.recvExact(1e5);
      socket.close();
      client.close();
    }
    await Promise.all(Array.from({ length: 20 }, (_, p) => getaddrinfo('localhost', p)));
    server.close();
  }`;

testWhere(available('mkfifo'), 'no mkfifo')(
  'all goes on while the only thread of the pool is blocked',
  async () => {
    const fifo = path.join(tempDir(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { code, stdout, stderr } = await run(
      process.execPath,
      [
        '-e',
        `const fs = require('node:fs');
         ${WORK}
         // Opening a pipe waits for its other end.
         let isOpen = false;
         fs.open(${JSON.stringify(fifo)}, 'r', (error, fd) => {
           isOpen = true;
           console.log('open', error);
         });
         fs.stat('.', () => console.log('stat', isOpen));
         work().then(() => {
           console.log('worked', isOpen);
           fs.closeSync(fs.openSync(${JSON.stringify(fifo)}, 'w'));
         });`,
      ],
      { env: { UV_THREADPOOL_SIZE: '1' } },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(String(stdout)).toBe('worked false\nopen null\nstat true\n');
  },
);

testWhere(process.platform === 'linux', 'no /proc')('the pool is not even started', async () => {
  const { code, stdout, stderr } = await run(
    process.execPath,
    [
      '-e',
      `const fs = require('node:fs');
       ${WORK}
       const threads = () => fs.readdirSync('/proc/self/task').length;
       const settled = async (count) => {
         for (; threads() > count; ) await new Promise((resolve) => setTimeout(resolve, 5));
       };
       const before = threads();
       work().then(async () => {
         // The one that waits for descriptors stays, and those that looked names up end.
         await settled(before + 1);
         console.log(threads() - before);
         // That it would be seen: all its threads start at once.
         fs.stat('.', () => console.log(threads() - before));
       });`,
    ],
    { env: { UV_THREADPOOL_SIZE: '16' } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(String(stdout)).toBe('1\n17\n');
});
