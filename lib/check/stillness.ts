// Nothing moves: all threads of the programs sleep, and what is watched has not changed. Who sleeps
// does not wait for the processor, so this time is the same on a busy machine.
import type { Program } from './program.js';

/** So long nothing has happened when nothing will. */
const LONG_MS = 2000;
const LOOK_EVERY_MS = 30;
/** One look counts for no more than this: a grader that could not run has not looked. */
const LONGEST_MS = 100;

export class Stillness {
  #still = 0;
  #lastProgress = Number.NaN;
  #lastLook = performance.now();

  constructor(private readonly programs: readonly Program[]) {}

  /** To be asked again and again, with a number that changes as things go on. */
  isLong(progress: number, longMs = LONG_MS): boolean {
    const now = performance.now();
    const waited = now - this.#lastLook;
    if (progress !== this.#lastProgress) {
      this.#lastProgress = progress;
      this.#lastLook = now;
      this.#still = 0;
      return false;
    }
    if (waited < LOOK_EVERY_MS) return false;
    this.#lastLook = now;
    if (this.programs.every(({ isAsleep }) => isAsleep))
      this.#still += Math.min(waited, LONGEST_MS);
    else this.#still = 0;
    return this.#still > longMs;
  }
}
