// Numbers that a seed decides, so that a run can be made again.
import { clearTimeout, setTimeout } from 'node:timers';

/** A generator of 32-bit numbers (mulberry32), and what is made of them. */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const real = () => next() / 2 ** 32;
  const between = (low, high) => low + Math.floor(real() * (high - low + 1));
  return {
    next,
    real,
    /** An integer, both ends included. */
    between,
    /** Small numbers are as likely as large ones, whatever their size. */
    magnitude: (low, high) => Math.floor(low * (high / low) ** real()),
    /** One of the names, as often as its weight says. */
    pick(weights) {
      let left = real() * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
      for (const [name, weight] of Object.entries(weights)) {
        left -= weight;
        if (left < 0) return name;
      }
      return Object.keys(weights)[0];
    },
    /** A generator of its own, for something that runs beside this. */
    split: () => random(next()),
  };
}

/** Resolves after the time, or as soon as the signal is aborted. */
export function pause(ms, signal) {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
