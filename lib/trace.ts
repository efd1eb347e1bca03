import { binding } from './binding.js';

/**
 * Tells each system call from here on on stderr, whatever thread makes it: as strace would, or as
 * a JSON object for each. It is for the whole process; so is SOCKKIT_TRACE in the environment,
 * which lib/binding.ts looks at. See docs/trace.md.
 */
export function trace(format: 'text' | 'json'): void {
  binding.trace(format === 'json' ? 2 : 1, '');
}
