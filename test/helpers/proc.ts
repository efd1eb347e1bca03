// What the system tells about running programs and sockets, and waiting for it to say so.
import * as fs from 'node:fs';
import * as os from 'node:os';
import type { Running } from './run.js';

type Pid = number | 'self';

const GIVE_UP_MS = 40_000;
const PAUSE_MS = 5;

/**
 * Waits until `check` gives something, for what the system does not announce. It gives up after a
 * long while, so that a failing test leaves nothing running.
 */
export async function eventually<T>(
  what: string,
  check: () => T | null | undefined | false,
  program?: Running,
): Promise<T> {
  const giveUp = performance.now() + GIVE_UP_MS;
  for (;;) {
    const value = check();
    if (value !== null && value !== undefined && value !== false) return value;
    if (program?.ended === true) throw new Error(`ended before ${what}: ${program.stderr}`);
    if (performance.now() > giveUp) throw new Error(`it never came that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

export function threadCount(pid: Pid): number {
  return fs.readdirSync(`/proc/${pid}/task`).length;
}

export function openFiles(pid: Pid): number {
  // In this process, the folder that is being read is open too.
  return fs.readdirSync(`/proc/${pid}/fd`).length - (pid === 'self' ? 1 : 0);
}

/** In kB: what is resident now, or the most that was. */
export function memoryKb(pid: Pid, kind: 'VmRSS' | 'VmHWM'): number {
  return Number(statusField(fs.readFileSync(`/proc/${pid}/status`, 'utf8'), kind).split(' ')[0]);
}

export function statusField(status: string, name: string): string {
  const value = new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
  if (value === undefined) throw new Error(`/proc/PID/status has no ${name}`);
  return value;
}

/** Whether the process has a handler of its own for the signal. */
export function handles(pid: Pid, signal: NodeJS.Signals): boolean {
  const caught = statusField(fs.readFileSync(`/proc/${pid}/status`, 'utf8'), 'SigCgt');
  const bit = BigInt(os.constants.signals[signal] - 1);
  return ((BigInt(`0x${caught}`) >> bit) & 1n) === 1n;
}

/** How many connections wait to be accepted on a port that is listened on. */
export function acceptQueue(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const row = new RegExp(`:${hex} [0-9A-F:]+ 0A [0-9A-F]+:([0-9A-F]+) `);
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const found = fs.existsSync(table) ? row.exec(fs.readFileSync(table, 'latin1')) : null;
    if (found !== null) return parseInt(found[1] ?? '', 16);
  }
  throw new Error(`nobody listens on port ${port}`);
}

/** Whether this process may have so many descriptors open; a test that needs them says so, skips. */
export function mayOpen(count: number): boolean {
  // Node raises the soft limit to the hard one when it starts.
  const limits = fs.readFileSync('/proc/self/limits', 'utf8');
  const limit = Number(/^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1] ?? '0');
  const may = Number.isNaN(limit) || limit >= count;
  if (!may) console.warn(`skipped: ${limit} descriptors are allowed, ${count} are needed`);
  return may;
}
