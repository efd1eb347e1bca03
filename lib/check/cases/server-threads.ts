// Whether a server is really multithreaded, and what its clients leave behind.
import { closeSync } from 'node:fs';
import { type Case, SPECIFICATION } from '../case.js';
import { CaseFailure } from '../failure.js';
import * as messages from '../messages.js';
import { until } from '../pace.js';
import { OutputPipe } from '../pipes.js';
import { descriptorsOf, memoryOf, processes } from '../proc.js';
import type { Program } from '../program.js';
import type { ServerRun } from '../server-run.js';
import { Stillness } from '../stillness.js';
import type { Trial } from '../trial.js';

const side = 'server';
const PATIENCE_MS = 20_000;
const READ_PATIENCE_MS = 3000;
const FIRST_CLIENTS = 40;
const CLIENTS = 500;
/** Each of so many clients resets its connection. */
const RESET_EVERY = 5;
const SLACK = 10;
/**
 * Of address space for each client: a quarter of the usual stack, since a thread that is kept to be
 * used again may reserve hundreds of megabytes (V8's).
 */
const STACK_BYTES = 2_000_000;

export const serverThreadCases: readonly Case[] = [
  {
    name: 'server-threads',
    side,
    title:
      'While the thread of one client is stopped, because nobody reads what it prints, other threads must receive what other clients send.',
    specification: SPECIFICATION.threads,
    required: true,
    partners: false,
    run: threads,
  },
  {
    name: 'server-leaks',
    side,
    title: `After ${CLIENTS} clients, of which some reset their connection, the server must not have more open files, threads or processes than before.`,
    specification: SPECIFICATION.resources,
    required: true,
    partners: false,
    run: leaks,
  },
];

async function threads(trial: Trial): Promise<void> {
  const pipe = new OutputPipe(trial.folder);
  trial.defer(() => {
    pipe.destroy();
  });
  let server: ServerRun;
  try {
    server = await trial.server({ stdout: pipe.theirs });
  } finally {
    closeSync(pipe.theirs);
  }
  const { program } = server;
  const before = census(program);
  // More than the pipe holds: whoever prints it is stopped in write().
  const first = await trial.connect(server.port);
  await first.send(messages.line(200_000));
  first.end();
  await first.read(READ_PATIENCE_MS);
  await server.quiet();
  const others = [await trial.connect(server.port), await trial.connect(server.port)];
  const read: boolean[] = [];
  for (const other of others) {
    await other.send(messages.line(1000));
    const stillness = new Stillness([program]);
    const isRead = await until(PATIENCE_MS, () => other.isRead || stillness.isLong(0) || null);
    read.push(isRead === true && other.isRead);
  }
  const during = census(program);
  const counts = `It had ${before.threads} thread(s) in ${before.processes} process(es) before the first client, and ${during.threads} in ${during.processes} with three clients.`;
  trial.note('Threads', counts);
  server.expectAlive('while it was serving three clients');
  if (read.includes(false)) {
    throw new CaseFailure(
      `${server.name} does everything in one thread: while it was stopped in printing one client's message, nothing was received from another. ${counts} Start a thread for each client (pthread_create, threading.Thread, new Thread).`,
    );
  }
  if (during.processes > before.processes) {
    throw new CaseFailure(
      `${server.name} starts a process for each client (fork) where threads are asked for. ${counts}`,
    );
  }
  if (during.threads < 2) {
    throw new CaseFailure(`${server.name} has one thread only. ${counts}`);
  }
}

interface Census {
  processes: number;
  zombies: number;
  threads: number;
  descriptors: number;
  addressSpace: number;
}

function census({ pid }: Program): Census {
  const all = processes().filter(({ session }) => session === pid);
  const alive = all.filter(({ state }) => state !== 'Z');
  const sum = (of: (pid: number) => number) => alive.reduce((total, one) => total + of(one.pid), 0);
  return {
    processes: alive.length,
    zombies: all.length - alive.length,
    threads: alive.reduce((total, one) => total + one.threads, 0),
    descriptors: sum((one) => descriptorsOf(one).length),
    addressSpace: sum((one) => memoryOf(one, 'VmSize')),
  };
}

async function leaks(trial: Trial): Promise<void> {
  const server = await trial.server();
  await serveMany(trial, server, FIRST_CLIENTS);
  await server.quiet();
  const before = census(server.program);
  await serveMany(trial, server, CLIENTS);
  // Threads and connections take their time to end; what is leaked never does.
  const stillness = new Stillness([server.program]);
  await until(PATIENCE_MS, () => {
    const now = census(server.program);
    if (leaksOf(before, now).length === 0) return true;
    return stillness.isLong(now.descriptors * 1000 + now.threads);
  });
  server.expectAlive(`after ${CLIENTS} clients`);
  const found = leaksOf(before, census(server.program));
  if (found.length === 0) return;
  throw new CaseFailure(`${server.name} runs for ever, but not with this: ${found.join(' ')}`);
}

function leaksOf(before: Census, now: Census): string[] {
  const found: string[] = [];
  const grown = (name: keyof Census) => now[name] - before[name] > SLACK;
  const text = (name: keyof Census) => `${before[name]} before and ${now[name]} after`;
  if (grown('descriptors')) {
    found.push(
      `open files: ${text('descriptors')} ${CLIENTS} clients. Close each connection when its client is done, also when recv() fails.`,
    );
  }
  if (grown('processes')) found.push(`processes: ${text('processes')} ${CLIENTS} clients.`);
  if (grown('zombies')) {
    found.push(`ended children that nobody waits for: ${text('zombies')}. Call waitpid().`);
  }
  if (grown('threads')) {
    found.push(`threads: ${text('threads')} ${CLIENTS} clients. Each must end with its client.`);
  } else if (now.addressSpace - before.addressSpace > CLIENTS * STACK_BYTES) {
    const mebibytes = Math.round((now.addressSpace - before.addressSpace) / 2 ** 20);
    found.push(
      `the address space has grown by ${mebibytes} MiB with ${CLIENTS} clients. The stacks of ended threads are kept until somebody joins them: call pthread_detach() or pthread_join().`,
    );
  }
  return found;
}

/** One after another, each waits until its message is there; some reset. */
async function serveMany(trial: Trial, server: ServerRun, count: number): Promise<void> {
  const before = server.program.size;
  let bytes = 0;
  for (let client = 0; client < count; client++) {
    const peer = await trial.connect(server.port);
    if (client % RESET_EVERY === 1) {
      peer.reset();
      continue;
    }
    await peer.send('message\n');
    peer.end();
    bytes += 8;
    const printed = await server.printed(before + bytes);
    peer.close();
    server.expectAlive(`after client ${client + 1} of ${count}`);
    if (printed < before + bytes) {
      throw new CaseFailure(
        `${server.name} did not print the message of client ${client + 1} of ${count}.`,
        server.program.evidence(),
      );
    }
  }
}
