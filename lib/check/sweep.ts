// Everything that a program has started: by its session, and what has left that, by a mark in the
// environment that is inherited.
import type { ChildProcess } from 'node:child_process';
import { pause } from './pace.js';
import { isMarked, type Process, processes } from './proc.js';

export const MARK = 'SOCKCHECK_RUN';
const ROUNDS = 200;
const ROUND_MS = 5;

/** A program that is to be watched, with what it has used so far. */
export interface Watched {
  readonly pid: number;
  readonly child: ChildProcess;
  look(found: readonly Process[]): void;
}

const watched = new Set<Watched>();
const EVERY_MS = 150;
let timer: NodeJS.Timeout | null = null;

/** Looks at the program's processes several times a second, until unwatch(). */
export function watch(program: Watched): void {
  watched.add(program);
  timer ??= setInterval(lookAtAll, EVERY_MS);
  timer.unref();
}

export function unwatch(program: Watched): void {
  watched.delete(program);
  if (watched.size > 0 || timer === null) return;
  clearInterval(timer);
  timer = null;
}

function lookAtAll(): void {
  const found = processes();
  for (const program of watched) {
    program.look(found.filter(({ session }) => session === program.pid));
  }
}

export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/** Ends what is left of a session, and whoever bears the mark; resolves when nobody is there. */
export async function sweep(pid: number, mark: string, since: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    killGroup(pid, 'SIGKILL');
    const left = processes().filter(
      ({ session, start, state, pid: other }) =>
        state !== 'Z' && start >= since && (session === pid || isMarked(other, mark)),
    );
    if (left.length === 0) return;
    for (const { pid: other } of left) {
      try {
        process.kill(other, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    await pause(ROUND_MS);
  }
}

// However the grader ends, short of SIGKILL.
process.on('exit', () => {
  for (const { pid } of watched) killGroup(pid, 'SIGKILL');
});
