// The option that a mistyped one was probably meant to be.
import { editDistance } from '../edit-distance.js';
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
