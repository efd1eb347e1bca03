// From argv to typed values, or a UsageError.
import { parseArgs } from 'node:util';
import { lazy } from './lazy.js';
import type { CommandSpec, OptionSpec, Values } from './spec.js';

/** The caller wrote the command line wrong: one line, exit status 2. */
export class UsageError extends Error {}

export interface Arguments<S extends CommandSpec> {
  values: Values<S>;
  operands: string[];
}

/**
 * Reads the arguments. The operands are checked for their number only.
 * @throws UsageError
 */
export function parseArguments<S extends CommandSpec>(
  spec: S,
  argv: readonly string[],
): Arguments<S> {
  const values: Record<string, unknown> = {};
  // Without options there is nothing to parse, which saves half a millisecond of starting up.
  const parse = argv.some((argument) => argument.startsWith('-'));
  const operands: string[] = parse ? [] : [...argv];
  let negative = -1;
  for (const token of parse ? tokensOf(spec, argv) : []) {
    if (token.kind === 'positional') {
      operands.push(token.value);
    } else if (token.kind === 'option') {
      const written = argv[token.index] ?? token.rawName;
      if (/^-\d/.test(written)) {
        // A number that begins with a minus sign is a bad operand rather than an unknown option.
        // parseArgs gives one token for each of its characters.
        if (token.index !== negative) operands.push(written);
        negative = token.index;
      } else {
        // An option's name where a value is due: the value was forgotten.
        const forgotten = token.inlineValue === false && /^--?[a-z]/i.test(token.value);
        const text = forgotten ? undefined : token.value;
        const value = valueOf(spec, token.name, token.rawName, text);
        const before = spec.options[token.name]?.many === true ? values[token.name] : undefined;
        values[token.name] = typeof before === 'string' ? `${before},${String(value)}` : value;
      }
    }
  }
  if (values.help !== true && values.version !== true) checkOperands(spec, operands);
  for (const [name, { kind, default: fallback }] of Object.entries(spec.options)) {
    values[name] ??= kind === 'flag' ? false : (fallback ?? null);
  }
  return { values: values as Values<S>, operands };
}

/** The strict mode's messages speak to whoever wrote the program; ours speak to its user. */
function tokensOf(spec: CommandSpec, argv: readonly string[]) {
  const { tokens } = parseArgs({
    args: [...argv],
    options: parseArgsOptions(spec),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens;
}

function parseArgsOptions(spec: CommandSpec) {
  const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {};
  for (const [name, { kind, short }] of Object.entries(spec.options)) {
    // What may stand without a value does not take the next argument for one.
    const type = kind === 'flag' || kind === 'choice' ? 'boolean' : 'string';
    options[name] = short === undefined ? { type } : { type, short };
  }
  return options;
}

function valueOf(spec: CommandSpec, name: string, written: string, text: string | undefined) {
  const option = Object.hasOwn(spec.options, name) ? spec.options[name] : undefined;
  if (option === undefined) {
    const nearest = lazy.nearest().nearest(written, spec);
    const meant = nearest === null ? '' : `; did you mean '${nearest}'?`;
    throw new UsageError(`unknown option '${written}'${meant}`);
  }
  if (option.kind === 'flag') {
    if (text !== undefined) throw new UsageError(`option '--${name}' takes no value`);
    return true;
  }
  if (option.kind === 'choice') return choiceOf(name, option.choices ?? [], text);
  if (text === undefined || text === '') {
    throw new UsageError(`option '--${name}' needs a value: --${name} ${option.value ?? 'VALUE'}`);
  }
  return parseValue(name, option, text);
}

function choiceOf(name: string, choices: readonly string[], text: string | undefined): string {
  const chosen = text ?? choices[0];
  if (chosen !== undefined && choices.includes(chosen)) return chosen;
  const forms = choices.map((choice) => `--${name}=${choice}`).join(' or ');
  throw new UsageError(`--${name} '${text ?? ''}' is none of its values; write ${forms}`);
}

function parseValue(name: string, option: OptionSpec, text: string): number | string {
  const { parseCount, parseSize, parseTime } = lazy.units();
  const parse = { size: parseSize, time: parseTime, count: parseCount };
  const { kind } = option;
  if (kind !== 'size' && kind !== 'time' && kind !== 'count') return text;
  const value = parse[kind](text, option);
  if (typeof value === 'string') throw new UsageError(`--${name} ${value}`);
  return value;
}

function checkOperands(spec: CommandSpec, operands: readonly string[]): void {
  const missing = spec.operands
    .slice(operands.length)
    .filter(({ optional }) => optional !== true)
    .map(({ name }) => name);
  if (missing.length > 0) {
    throw new UsageError(`${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`);
  }
  const extra = operands[spec.operands.length];
  if (extra !== undefined && spec.operands.at(-1)?.many !== true) {
    throw new UsageError(`too many arguments: '${extra}'`);
  }
}
