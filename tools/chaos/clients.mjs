// Clients of every kind. Each resolves to the numbers of the messages that its peer's TCP has
// acknowledged to the last byte and the end, which is when sockclient exits 0.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../run.mjs';
import { body, header } from './messages.mjs';
import { pause } from './random.mjs';

const load = createRequire(join(root, 'package.json'));
const { Socket } = load('sockkit/promises');
const { constants, getsockopt } = load('sockkit/sys');

const FIN_WAIT2 = 5;
const TIME_WAIT = 6;
const CLOSE = 7;
const BYTES_ACKED = 120;
const MIB = 2 ** 20;

/** How often each kind comes. */
export const KINDS = {
  behave: 40,
  trickle: 8,
  stall: 5,
  reset: 8,
  halfClose: 10,
  silent: 6,
  leave: 8,
  medium: 6,
  cutShort: 4,
  sockclient: 2,
  huge: 0.4,
};

async function connected(context) {
  const socket = new Socket(constants.AF_INET, constants.SOCK_STREAM);
  try {
    const address = { address: '127.0.0.1', port: context.port };
    await socket.connect(address, { signal: context.signal });
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

async function send(socket, context, number, length) {
  const { signal } = context;
  await socket.sendAll(header(number, length), { signal });
  for (const chunk of body(number, length)) await socket.sendAll(chunk, { signal });
}

/** As sockclient: shuts down, and looks at TCP_INFO until the peer has acknowledged everything. */
async function acknowledged(socket, context, bytes) {
  socket.shutdown(constants.SHUT_WR);
  for (let wait = 1; !context.signal.aborted; wait = Math.min(wait * 2, 50)) {
    const info = getsockopt(socket.fd, constants.IPPROTO_TCP, constants.TCP_INFO, 256);
    const state = info[0];
    if (state === FIN_WAIT2 || state === TIME_WAIT) return true;
    if (state === CLOSE) {
      if (Number(info.readBigUInt64LE(BYTES_ACKED)) >= bytes + 2) return true;
      return getsockopt(socket.fd, constants.SOL_SOCKET, constants.SO_ERROR) === 0;
    }
    await pause(wait, context.signal);
  }
  return false;
}

async function wholeMessage(context, length) {
  const number = context.number();
  const socket = await connected(context);
  try {
    await send(socket, context, number, length);
    const bytes = header(number, length).length + length;
    return (await acknowledged(socket, context, bytes)) ? [number] : [];
  } finally {
    socket.close();
  }
}

function reset(socket) {
  socket.setOption('linger', { on: true, seconds: 0 });
  socket.close();
}

const kinds = {
  behave: (context) => wholeMessage(context, context.numbers.magnitude(1, 60_000)),

  medium: (context) => wholeMessage(context, context.numbers.magnitude(60_000, 12 * MIB)),

  huge: (context) => wholeMessage(context, 100 * MIB),

  async trickle(context) {
    const { numbers, signal } = context;
    const number = context.number();
    const length = numbers.between(3, 40);
    const socket = await connected(context);
    try {
      const start = header(number, length);
      const all = Buffer.concat([start, ...body(number, length)]);
      for (let at = 0; at < all.length;) {
        const size = numbers.between(1, 8);
        await socket.sendAll(all.subarray(at, at + size), { signal });
        at += size;
        await pause(numbers.between(1, 60), signal);
      }
      return (await acknowledged(socket, context, all.length)) ? [number] : [];
    } finally {
      socket.close();
    }
  },

  // Where it has the floor it may lose it, at the latest when it goes on: what comes before and after
  // is each a message in itself, and the second is so short that it arrives at once.
  async stall(context) {
    const { numbers, signal } = context;
    const [before, after] = [context.number(), context.number()];
    const [first, second] = [numbers.magnitude(1000, 3 * MIB), numbers.between(1, 300)];
    const socket = await connected(context);
    try {
      await send(socket, context, before, first);
      await pause(numbers.between(100, 2.5 * context.stallMs), signal);
      await socket.sendAll(Buffer.concat([header(after, second), ...body(after, second)]), {
        signal,
      });
      const bytes = header(before, first).length + first + header(after, second).length + second;
      return (await acknowledged(socket, context, bytes)) ? [before, after] : [];
    } finally {
      socket.close();
    }
  },

  async reset(context) {
    const number = context.number();
    const length = context.numbers.magnitude(10, 4 * MIB);
    const socket = await connected(context);
    try {
      await socket.sendAll(header(number, length), { signal: context.signal });
      const part = context.numbers.between(0, length - 1);
      for (const chunk of body(number, part)) {
        await socket.sendAll(chunk, { signal: context.signal });
      }
    } finally {
      reset(socket);
    }
    return [];
  },

  /** Ends its message before it is complete: printed as far as it goes. */
  async cutShort(context) {
    const number = context.number();
    const length = context.numbers.magnitude(10, MIB);
    const socket = await connected(context);
    try {
      const { signal } = context;
      await socket.sendAll(header(number, length), { signal });
      for (const chunk of body(number, length >> 1)) await socket.sendAll(chunk, { signal });
    } finally {
      socket.close();
    }
    return [];
  },

  /** Waits for the server to close too, which it does when the message is printed. */
  async halfClose(context) {
    const number = context.number();
    const length = context.numbers.magnitude(1, MIB);
    const socket = await connected(context);
    try {
      await send(socket, context, number, length);
      const bytes = header(number, length).length + length;
      const all = await acknowledged(socket, context, bytes);
      await socket.recv(1, { signal: context.signal }).catch(() => undefined);
      return all ? [number] : [];
    } finally {
      socket.close();
    }
  },

  async silent(context) {
    const socket = await connected(context);
    await pause(context.numbers.between(0, 5000), context.signal);
    socket.close();
    return [];
  },

  async leave(context) {
    const socket = await connected(context);
    if (context.numbers.real() < 0.5) reset(socket);
    else socket.close();
    return [];
  },

  /** The command itself, by its exit status. */
  async sockclient(context) {
    const number = context.number();
    const length = context.numbers.magnitude(1, 2 * MIB);
    const command = join(root, 'dist/bin/sockclient.js');
    const child = spawn(process.execPath, [command, '127.0.0.1', String(context.port)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const stop = () => child.kill('SIGKILL');
    context.signal.addEventListener('abort', stop);
    child.stdin.on('error', () => undefined);
    child.stdin.write(header(number, length));
    for (const chunk of body(number, length)) child.stdin.write(chunk);
    child.stdin.end();
    const [code] = await once(child, 'close');
    context.signal.removeEventListener('abort', stop);
    return code === 0 ? [number] : [];
  },
};

/** What a connection may end in while servers come and go. */
const EXPECTED = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTCONN', 'ETIMEDOUT']);

/** Runs one client of that kind. A failure that no server's end explains is thrown. */
export async function runClient(kind, context) {
  try {
    return await kinds[kind](context);
  } catch (error) {
    if (EXPECTED.has(error.code) || error.name === 'AbortError') return [];
    throw error;
  }
}
