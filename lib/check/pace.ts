// How patient the grader is. Every wait has a deadline in the time of a machine that is neither slow
// nor busy; on another one the clock of a deadline goes slower by as much.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** What the work of measureSpeed() takes on such a machine. */
const NOMINAL_MS = 25;
const MOST = 20;
/** One look counts for no more than this: a grader that was stopped itself has not waited. */
const LONGEST_TICK_MS = 200;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

let factor = 1;

/** How much slower than a usual machine this one is, when nobody else uses it. */
export const slowness = (): number => factor;

/** Measures the machine; to be called once, before anything is timed. */
export function measureSpeed(): number {
  const data = Buffer.alloc(2 ** 20);
  const start = performance.now();
  for (let round = 0; round < 16; round++) createHash('sha1').update(data).digest();
  factor = Math.min(MOST, Math.max(1, (performance.now() - start) / NOMINAL_MS));
  return factor;
}

/** How much slower than a free machine this one is now. */
export function drag(): number {
  return Math.min(MOST, factor * crowding());
}

/** Programs that want to run, for each core. */
function crowding(): number {
  try {
    const running = /^\S+ \S+ \S+ (\d+)\//.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1];
    return Math.max(1, Number(running) / availableParallelism());
  } catch {
    return 1;
  }
}

/** Time that has been spent waiting, as it would have been on a free machine. */
export class Clock {
  #spent = 0;
  #last = performance.now();

  get ms(): number {
    const now = performance.now();
    this.#spent += Math.min(LONGEST_TICK_MS, now - this.#last) / drag();
    this.#last = now;
    return this.#spent;
  }

  restart(): void {
    this.#spent = 0;
    this.#last = performance.now();
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks again and again until there is something; null when the time is over. */
export async function until<T>(
  patienceMs: number,
  ask: () => T | null | undefined | false,
): Promise<T | null> {
  const clock = new Clock();
  let wait = FIRST_PAUSE_MS;
  for (;;) {
    const answer = ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (clock.ms > patienceMs) return null;
    await pause(wait);
    wait = Math.min(LONGEST_PAUSE_MS, wait * 1.5);
  }
}

/** The promise's value, or null when the time is over; the promise itself goes on. */
export async function within<T>(patienceMs: number, promise: Promise<T>): Promise<T | null> {
  const state = { settled: false };
  const settle = () => {
    state.settled = true;
  };
  promise.then(settle, settle);
  const settled = await until(patienceMs, () => state.settled);
  return settled === null ? null : promise;
}
