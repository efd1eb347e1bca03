// The pieces of work that are measured, each on programs of its own.
import { closeSync, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { CaseFailure } from '../failure.js';
import { readOr } from '../proc.js';
import { describeEnd, type Program } from '../program.js';
import type { ServerRun } from '../server-run.js';
import type { Trial } from '../trial.js';

/** Whatever one piece of work tells: MiB/s, connections per second, MiB. */
export interface Measured {
  throughput?: number;
  connections?: number;
  memory?: number;
}

const MIB = 2 ** 20;
const LOOK_MS = 2;
const PATIENCE_MS = 120_000;
const CLIENTS = 1000;
/** Fewer at a time than a queue of 10 holds. */
const AT_ONCE = 8;
const SHORT = Buffer.from('Go Tigers!\n\n');

/** One long message from the reference's client: until its last byte is printed. */
export function throughServer(bytes: number) {
  return async (trial: Trial, input: string): Promise<Measured> => {
    const server = await trial.server();
    const start = performance.now();
    const client = clientWith(trial, server.port, input);
    await ended(client, () => undefined);
    await printed(server, bytes);
    const seconds = (performance.now() - start) / 1000;
    return { throughput: bytes / MIB / seconds, memory: peakOf(server.program) / MIB };
  };
}

/** One long message to the reference's server: until the client ends, its start included. */
export function fromClient(bytes: number) {
  return async (trial: Trial, input: string): Promise<Measured> => {
    const server = await trial.server();
    const start = performance.now();
    const client = clientWith(trial, server.port, input);
    let peak = 0;
    await ended(client, () => {
      peak = Math.max(peak, peakOf(client));
    });
    const seconds = (performance.now() - start) / 1000;
    await printed(server, bytes);
    return { throughput: bytes / MIB / seconds, memory: peak / MIB };
  };
}

/** Many short messages, a few at a time: until the last is printed. */
export async function connections(trial: Trial): Promise<Measured> {
  const server = await trial.server();
  const start = performance.now();
  let next = 0;
  const lane = async () => {
    while (next++ < CLIENTS) {
      const peer = await trial.connect(server.port);
      await peer.send(SHORT);
      peer.end();
      await peer.drained();
      peer.close();
    }
  };
  const lanes = Promise.all(Array.from({ length: AT_ONCE }, lane));
  try {
    await withPatience(lanes);
  } catch (error) {
    if (error instanceof CaseFailure) throw error;
    throw new CaseFailure(`a client failed: ${(error as Error).message}`);
  }
  await printed(server, CLIENTS * SHORT.length);
  return { connections: (CLIENTS * 1000) / (performance.now() - start) };
}

function clientWith(trial: Trial, port: number, input: string): Program {
  const fd = openSync(input, 'r');
  try {
    return trial.clientProgram({ host: '127.0.0.1', port }, {}, fd);
  } finally {
    closeSync(fd);
  }
}

async function ended(program: Program, look: () => void): Promise<void> {
  const exit = new Promise<void>((resolve) => {
    program.child.once('exit', () => {
      resolve();
    });
  });
  const timer = setInterval(look, LOOK_MS);
  try {
    await withPatience(exit);
  } finally {
    clearInterval(timer);
  }
  const { end, title, violation } = program;
  if (end !== null && end.code !== 0) {
    throw new CaseFailure(`${title} ${describeEnd(end)}. ${violation}`.trim());
  }
}

async function printed(server: ServerRun, bytes: number): Promise<void> {
  const since = performance.now();
  while (server.program.size < bytes) {
    server.expectAlive('while it was measured');
    if (performance.now() - since > PATIENCE_MS) {
      throw new CaseFailure(`${server.program.size} of ${bytes} bytes were printed.`);
    }
    await pause(LOOK_MS);
  }
}

async function withPatience<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = pause(PATIENCE_MS, undefined, { signal: over.signal }).then(() => {
    throw new CaseFailure(`it took more than ${PATIENCE_MS / 1000} s.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** The most memory that its processes had, as the kernel has noted it. */
function peakOf(program: Program): number {
  const peaks = program.processes.map(({ pid }) => {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readOr(`/proc/${pid}/status`))?.[1];
    return Number(kib ?? 0) * 1024;
  });
  return peaks.reduce((all, one) => all + one, 0);
}
