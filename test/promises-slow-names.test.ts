// Lookups that the system does not answer, by a C library that is made to be so.
import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { cleanUp, tempDir, testWhere } from './helpers/net.js';
import { available, run, stopAll } from './helpers/run.js';

const PROMISES = require.resolve('sockkit/promises');

let library: string;
let until: string;

beforeAll(() => {
  if (!available('cc')) return;
  library = path.join(tempDir(), 'slow-names.so');
  const source = path.join(__dirname, 'shim/slow-names.c');
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
  until = path.join(path.dirname(library), 'answer');
});
afterEach(stopAll);
afterAll(cleanUp);

const testSlow = testWhere(available('cc'), 'no cc');

async function program(code: string): Promise<{ code: unknown; stderr: string; lines: string[] }> {
  const head = `const path = ${JSON.stringify(PROMISES)}, until = process.env.SLOW_NAMES_UNTIL;`;
  const result = await run(process.execPath, ['-e', head + code], {
    env: { LD_PRELOAD: library, SLOW_NAMES_UNTIL: until },
  });
  const lines = String(result.stdout).trim().split('\n');
  return { code: result.code, stderr: result.stderr, lines };
}

testSlow('a lookup that was given up does not keep the program alive', async () => {
  const result = await program(`
    const { getaddrinfo } = require(path);
    const tell = (error) => console.log(error.code);
    const controller = new AbortController();
    getaddrinfo('slow.test', 1, { timeoutMs: 20 }).catch(tell).then(() => controller.abort());
    getaddrinfo('slow.test', 2, { signal: controller.signal }).catch(tell);`);
  expect(result).toEqual({ code: 0, stderr: '', lines: ['ETIMEDOUT', 'ABORT_ERR'] });
});

testSlow('one that is wanted does, also behind those that were given up', async () => {
  const result = await program(`
    const { getaddrinfo } = require(path);
    const slow = () => getaddrinfo('slow.test', 1, { timeoutMs: 10 }).catch(({ code }) => code);
    Promise.all(Array.from({ length: 10 }, slow)).then((codes) => {
      console.log(new Set(codes).size, codes[0]);
      getaddrinfo('127.0.0.1', 7).then(() => console.log('found'));
      setTimeout(() => require('node:fs').writeFileSync(until, ''), 20).unref();
    });`);
  expect(result).toEqual({ code: 0, stderr: '', lines: ['1 ETIMEDOUT', 'found'] });
});

testSlow(
  'a worker ends while names are looked up, and the answer comes when it is gone',
  async () => {
    const again = path.join(path.dirname(until), 'again');
    const result = await program(`
    const fs = require('node:fs');
    const { Worker } = require('node:worker_threads');
    process.env.SLOW_NAMES_UNTIL = ${JSON.stringify(again)};
    const threads = () => fs.readdirSync('/proc/self/task').length;
    // The package is loaded in the worker alone, so that its addon has no other reason to stay.
    const worker = new Worker(
      \`const { getaddrinfo } = require(require('node:worker_threads').workerData);
       for (let count = 0; count < 20; count++) getaddrinfo('slow.test', count);
       require('node:worker_threads').parentPort.postMessage('pending');\`,
      { eval: true, workerData: path });
    worker.once('message', async () => {
      const before = threads();
      console.log(await worker.terminate());
      const left = threads();
      fs.writeFileSync(${JSON.stringify(again)}, '');
      // Until the eight are gone.
      (function look() {
        if (threads() > left - 8) return setTimeout(look, 5);
        console.log('gone');
      })();
    });`);
    expect(result).toEqual({ code: 0, stderr: '', lines: ['1', 'gone'] });
  },
);
