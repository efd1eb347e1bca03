// The option that a mistyped one was probably meant to be.
import type { CommandSpec } from './spec.js';

/** `--verbose` for `--verbos`; null where nothing is near. */
export function nearest(written: string, spec: CommandSpec): string | null {
  let best: string | null = null;
  let least = Math.min(3, written.length - 2);
  for (const name of Object.keys(spec.options)) {
    const distance = editDistance(written, `--${name}`);
    if (distance < least) [best, least] = [`--${name}`, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
