// What a command takes. One object for each command: the parser and the --help text both come
// from it.
import type { Range } from './units.js';

export interface OptionSpec extends Range {
  kind: 'flag' | 'size' | 'time' | 'count' | 'text' | 'choice';
  short?: string;
  /** What the help calls the value. */
  value?: string;
  /** Of a choice, whose value may be left out and is then the first of them: `--name[=VALUE]`. */
  choices?: readonly string[];
  /** Stands for an option that was not given: bytes, milliseconds, a count. */
  default?: number;
  /** May be given several times; the texts are joined with commas. */
  many?: true;
  help: string;
}

export interface OperandSpec {
  name: string;
  help: string;
  /** May be missing; of the last operands. */
  optional?: true;
  /** Takes all the rest as well; of the last operand. */
  many?: true;
}

export interface CommandSpec {
  name: string;
  /** One sentence. */
  summary: string;
  operands: readonly OperandSpec[];
  options: Readonly<Record<string, OptionSpec>>;
  examples: readonly string[];
  /** What the exit status tells, and whatever else a user must know. */
  notes: readonly string[];
}

/** Every command takes these; they are listed last. */
export const COMMON_OPTIONS = {
  verbose: { kind: 'flag', short: 'v', help: 'Say on stderr what happens.' },
  help: { kind: 'flag', short: 'h', help: 'Print this text and exit.' },
  version: { kind: 'flag', short: 'V', help: 'Print the version and exit.' },
} as const satisfies Record<string, OptionSpec>;

/** Of the commands that make system calls on sockets. */
export const TRACE_OPTION = {
  trace: {
    kind: 'choice',
    choices: ['text', 'json'],
    help: 'Print each system call on stderr as strace would, or as a line of JSON.',
  },
} as const satisfies Record<string, OptionSpec>;

type ValueOf<O extends OptionSpec> = O['kind'] extends 'flag'
  ? boolean
  : O extends { choices: readonly (infer C)[] }
    ? C | null
    : (O['kind'] extends 'text' ? string : number) | (O extends { default: number } ? never : null);

/** The options' values: sizes in bytes, times in milliseconds, null where there is no default. */
export type Values<S extends CommandSpec> = {
  [K in keyof S['options']]: ValueOf<S['options'][K]>;
};
