// Ending by the signal that asked for it, so that the parent sees the truth.
import { lazy } from './lazy.js';

/** How long the kernel may take to end us. */
const PATIENCE_MS = 200;

/** Does not come back, unless it is process 1 of a container: then exit status 128 + n. */
export function dieOf(signal: NodeJS.Signals): Promise<number> {
  process.kill(process.pid, signal);
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(128 + lazy.os().constants.signals[signal]);
    }, PATIENCE_MS);
  });
}
