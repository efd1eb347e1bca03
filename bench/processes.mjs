// Starting, awaiting and stopping the programs that are measured.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const alive = new Set();

/**
 * A process of `command` with the given stdio. `ended` is a promise of `{ code, signal }`, and
 * `complaints()` what it has written to stderr, where that is a pipe.
 */
export function start(command, stdio) {
  const child = spawn(command[0], command.slice(1), { stdio });
  const stderr = [];
  child.stderr?.on('data', (chunk) => stderr.push(chunk));
  child.complaints = () => Buffer.concat(stderr).toString().trim();
  alive.add(child);
  child.ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      alive.delete(child);
      resolve({ code, signal });
    });
  });
  child.ended.catch(() => alive.delete(child)); // Whoever awaits it gets the error too.
  return child;
}

export async function stop(child) {
  child.kill('SIGTERM');
  await child.ended;
}

export function killAll() {
  for (const child of alive) child.kill('SIGKILL');
}

export async function freePort() {
  const server = net.createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(port) {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, '0');
  const listener = new RegExp(`^ *\\d+: [0-9A-F]+:${hexadecimal} [0-9A-F]+:0000 0A `, 'm');
  return ['tcp', 'tcp6'].some((name) => listener.test(readFileSync(`/proc/net/${name}`, 'utf8')));
}

/**
 * Resolves when someone listens on the port. It looks at the kernel's table and does not connect:
 * a connection would be the one that a single-minded server was waiting for.
 */
export async function listening(port, server, name) {
  const deadline = Date.now() + 10_000;
  let ended = false;
  server.ended.then(
    () => (ended = true),
    () => (ended = true),
  );
  while (!isListening(port)) {
    if (ended) throw new Error(`the server of ${name} ended: ${server.complaints()}`);
    if (Date.now() > deadline) throw new Error(`the server of ${name} does not listen`);
    await sleep(5);
  }
}

/** The promise's value, or an Error if it takes longer. */
export async function within(milliseconds, what, promise) {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} took longer than ${milliseconds / 1000} s`);
  });
  late.catch(() => {}); // The abort, when the promise was in time.
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
