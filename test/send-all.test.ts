import { Worker } from 'node:worker_threads';
import { sendAll, SocketError } from 'sockkit';
import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  errno,
  failure,
  readAll,
  tcpPair,
  unixPair,
} from './helpers/net.js';

const { constants: c } = sys;
const SYS = require.resolve('sockkit/sys');

afterEach(cleanUp);

/** Another thread that reads from `fd`: this one waits in sendAll(). */
function reader(fd: number, size: number, end = false): Promise<Buffer> {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const sys = require(workerData.sys);
     const buffer = Buffer.alloc(workerData.size);
     let length = 0;
     while (length < buffer.length) {
       const count = sys.recv(workerData.fd, buffer.subarray(length, length + 5000));
       if (count === 0) break;
       length += count;
     }
     if (workerData.end) sys.shutdown(workerData.fd, sys.constants.SHUT_RDWR);
     parentPort.postMessage(buffer.subarray(0, length));`,
    { eval: true, workerData: { sys: SYS, fd, size, end } },
  );
  return new Promise((resolve, reject) => {
    worker.once('message', (bytes: Uint8Array) => {
      resolve(Buffer.from(bytes));
    });
    worker.once('error', reject);
  });
}

function pattern(size: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: size / 4 }, (_, index) => index * 7919).buffer);
}

test.each([
  ['blocking', false],
  ['non-blocking', true],
])('a %s socket with a small buffer and a slow reader', async (_, nonblocking) => {
  const [a, b] = tcpPair();
  sys.setNonblocking(a, nonblocking);
  sys.setsockopt(a, c.SOL_SOCKET, c.SO_SNDBUF, 8192);
  const data = pattern(4_000_000);
  const arrived = reader(b, data.length);
  sendAll(a, data);
  sys.shutdown(a, c.SHUT_WR);
  expect(data.equals(await arrived)).toBe(true);
});

test('text goes as UTF-8', () => {
  const [a, b] = unixPair();
  sendAll(a, 'Grüße 👋\0');
  sys.shutdown(a, c.SHUT_WR);
  expect(readAll(b).toString()).toBe('Grüße 👋\0');
});

test('a view’s own bytes', () => {
  const [a, b] = unixPair();
  const memory = Buffer.from('0123456789');
  sendAll(a, memory.subarray(2, 4));
  sendAll(a, new DataView(Uint8Array.from(memory).buffer, 5, 3));
  sendAll(a, Uint8Array.from(memory).buffer);
  sys.shutdown(a, c.SHUT_WR);
  expect(readAll(b).toString()).toBe('235670123456789');
});

test('nothing is not sent', () => {
  const [a, b] = unixPair(c.SOCK_SEQPACKET);
  for (const nothing of ['', Buffer.alloc(0), new ArrayBuffer(0)]) sendAll(a, nothing);
  sendAll(CLOSED_FD, '');
  expect(sys.tryRecv(b, Buffer.alloc(1), c.MSG_DONTWAIT)).toBe(errno('EAGAIN'));
});

test('a failure says how much went before', async () => {
  const [a, b] = unixPair();
  sys.setsockopt(a, c.SOL_SOCKET, c.SO_SNDBUF, 8192);
  // The reader's thread ends the connection: this one is not to be waited for.
  const arrived = reader(b, 100_000, true);
  const error = failure(() => {
    sendAll(a, pattern(4_000_000));
  });
  expect(await arrived).toHaveLength(100_000);
  expect(error).toBeInstanceOf(SocketError);
  expect(error).toMatchObject({ code: 'EPIPE', syscall: 'send', message: 'send EPIPE' });
  expect(error.bytesTransferred).toBeGreaterThanOrEqual(100_000);
  expect(error.bytesTransferred).toBeLessThan(4_000_000);
});

test.each([
  ['EBADF', CLOSED_FD, 'x'],
  ['ERR_OUT_OF_RANGE', -1, ''],
  ['ERR_OUT_OF_RANGE', NaN, 'x'],
  ['ERR_INVALID_ARG_TYPE', '3', 'x'],
  ['ERR_INVALID_ARG_TYPE', CLOSED_FD, undefined],
  ['ERR_INVALID_ARG_TYPE', CLOSED_FD, null],
  ['ERR_INVALID_ARG_TYPE', CLOSED_FD, 5],
  ['ERR_INVALID_ARG_TYPE', CLOSED_FD, ['x']],
  ['ERR_INVALID_ARG_TYPE', CLOSED_FD, new Uint8Array(new SharedArrayBuffer(1))],
])('%s for sendAll(%p, %p)', (code, fd, data) => {
  expect(
    codeOf(() => {
      sendAll(fd as never, data as never);
    }),
  ).toBe(code);
});

test('a detached buffer is refused, not taken as nothing', () => {
  const data = new Uint8Array(5);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  expect(
    codeOf(() => {
      sendAll(CLOSED_FD, data);
    }),
  ).toBe('ERR_INVALID_ARG_TYPE');
});
