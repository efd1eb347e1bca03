// What every command does around its own work: arguments in, exit status out.
import { parseArguments, UsageError, type Arguments } from './arguments.js';
import { lazy } from './lazy.js';
import { errorText, Failure, say } from './report.js';
import type { CommandSpec } from './spec.js';
import { writeAll } from './stdio.js';
import { trace } from '../trace.js';

export const EXIT_REFUSED = 1;
export const EXIT_USAGE = 2;

/** The arguments to run with, or the exit status where there is nothing to run. */
export function readArguments<S extends CommandSpec>(
  spec: S,
  argv: readonly string[],
): Arguments<S> | number {
  try {
    const read = parseArguments(spec, argv);
    const values: Record<string, unknown> = read.values;
    if (values.help === true) return print(spec.name, lazy.help().helpText(spec));
    if (values.version === true) return print(spec.name, `${lazy.help().version()}\n`);
    return read;
  } catch (error) {
    return exitStatus(spec.name, error);
  }
}

/** What `--trace` asks for. */
export function startTrace(format: 'text' | 'json' | null): void {
  if (format !== null) trace(format);
}

/** Says what went wrong and gives the exit status. Whatever is not foreseen is thrown on. */
export function exitStatus(command: string, error: unknown): number {
  if (error instanceof UsageError) {
    say(command, `${error.message} (try '${command} --help')`);
    return EXIT_USAGE;
  }
  if (!(error instanceof Failure)) throw error;
  say(command, error.message);
  return EXIT_REFUSED;
}

function print(command: string, text: string): number {
  try {
    writeAll(1, text);
    return 0;
  } catch (error) {
    say(command, `write stdout: ${errorText((error as NodeJS.ErrnoException).code ?? '')}`);
    return EXIT_REFUSED;
  }
}
