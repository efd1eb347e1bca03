// The --help and --version texts.
import type { CommandSpec, OperandSpec, OptionSpec } from './spec.js';
import { formatSize, formatTime } from './units.js';

/** The bundler puts the package's version here. */
declare const SOCKKIT_VERSION: string;

export const UNITS = 'Sizes: 65536, 64k, 1M, 2G (powers of 1024). Times: 5, 5s, 500ms.';

const COLUMN = 25;
const WIDTH = 80;

export function helpText(spec: CommandSpec): string {
  const operands = spec.operands.map(usageOf).join(' ');
  const blocks = [
    `Usage: ${spec.name} [options] ${operands}`.trimEnd(),
    wrap(spec.summary, 0),
    spec.operands.map(({ name, help }) => item(`  ${name}`, help)).join('\n'),
    ['Options:', ...Object.entries(spec.options).map(optionItem)].join('\n'),
    UNITS,
    ['Examples:', ...spec.examples.map((example) => `  ${example}`)].join('\n'),
    ...spec.notes.map((note) => wrap(note, 0)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

export function version(): string {
  return SOCKKIT_VERSION;
}

function usageOf({ name, optional, many }: OperandSpec): string {
  const all = many === true ? `${name}...` : name;
  return optional === true ? `[${all}]` : all;
}

function optionItem([name, option]: [string, OptionSpec]): string {
  const short = option.short === undefined ? '   ' : `-${option.short},`;
  return item(`  ${short} --${name}${valueText(option)}`, optionText(option));
}

/** What an option does, with its default. */
export function optionText(option: OptionSpec): string {
  const fallback = option.default === undefined ? '' : ` (default ${format(option)})`;
  return option.help.replace(/\.$/, `${fallback}.`);
}

/** What stands behind an option's name. */
export function valueText({ kind, choices = [], value = 'VALUE' }: OptionSpec): string {
  if (kind === 'choice') return `[=${choices.join('|')}]`;
  return kind === 'flag' ? '' : ` ${value}`;
}

function format({ kind, default: value = 0 }: OptionSpec): string {
  if (kind === 'size') return formatSize(value);
  return kind === 'time' ? formatTime(value) : String(value);
}

function item(head: string, text: string): string {
  const body = wrap(text, COLUMN);
  const gap =
    head.length < COLUMN - 1 ? ' '.repeat(COLUMN - head.length) : `\n${' '.repeat(COLUMN)}`;
  return head + gap + body;
}

function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}
