// Nothing moves: all threads of the programs sleep, and what is watched has not changed.
import { Clock } from './pace.js';
import type { Program } from './program.js';

/** So long nothing has happened when nothing will. */
const LONG_MS = 2000;
const LOOK_EVERY_MS = 40;

export class Stillness {
  readonly #clock = new Clock();
  #lastProgress = Number.NaN;
  #lastLook = performance.now();

  constructor(private readonly programs: readonly Program[]) {}

  /** To be asked again and again, with a number that changes as things go on. */
  isLong(progress: number, longMs = LONG_MS): boolean {
    if (progress !== this.#lastProgress) {
      this.#lastProgress = progress;
      this.#clock.restart();
      return false;
    }
    const now = performance.now();
    if (now - this.#lastLook < LOOK_EVERY_MS) return false;
    this.#lastLook = now;
    if (!this.programs.every(({ isAsleep }) => isAsleep)) this.#clock.restart();
    return this.#clock.ms > longMs;
  }
}
