import * as path from 'node:path';
import { type Running, type RunOptions, start } from './run.js';

/** The file of an example, to be run as `[process.execPath, exampleFile('notify.mjs'), ...]`. */
export const exampleFile = (name: string): string =>
  path.resolve(__dirname, '../../examples', name);

/** Starts an example as its reader would. */
export function example(name: string, args: readonly string[], options?: RunOptions): Running {
  return start(process.execPath, [exampleFile(name), ...args], options);
}
