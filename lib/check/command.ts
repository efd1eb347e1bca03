// Commands as they are given: words and quotes as in a shell, and nothing else of a shell.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** The command cannot be used: one sentence that says why. */
export class CommandError extends Error {}

const PLACEHOLDER = /\{(host|port)\}/g;
const WORD = /\s+|'([^']*)'|"((?:\\.|[^"\\])*)"|\\([\s\S])|([^\s'"\\]+)/gy;

/**
 * Splits a command into words. Blanks separate; '...', "..." and a backslash quote. Nothing is
 * expanded: no variable, no wildcard, no pipe. Who wants a shell writes `sh -c '...'`.
 * @throws CommandError where a quote is not closed, or nothing is left
 */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    const [whole, single, double, escaped, plain] = match;
    end = match.index + whole.length;
    const part = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain;
    if (part !== undefined) word = (word ?? '') + part;
    else {
      if (word !== null) words.push(word);
      word = null;
    }
  }
  if (end !== text.length) throw new CommandError(`a quote is not closed in: ${text}`);
  if (word !== null) words.push(word);
  if (words.length === 0) throw new CommandError('the command is empty');
  return words;
}

/** A command with `{host}` and `{port}` in it. */
export class Template {
  readonly #words: string[];

  /** @throws CommandError where a placeholder is missing */
  constructor(
    readonly text: string,
    placeholders: readonly string[],
  ) {
    this.#words = splitCommand(text);
    for (const name of placeholders) {
      if (!text.includes(`{${name}}`)) {
        throw new CommandError(`there is no {${name}} in: ${text}`);
      }
    }
  }

  /** The words, with these values; a word with a placeholder that has no value is left out. */
  fill(values: Record<string, string | number>): string[] {
    const filled: string[] = [];
    for (const word of this.#words) {
      const names = [...word.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
      if (!names.every((name) => name in values)) continue;
      filled.push(word.replace(PLACEHOLDER, (_, name: string) => String(values[name])));
    }
    return filled;
  }
}

/** Why the program cannot be started, or null where it can. */
export function startFailure(program: string, directory: string, path: string): string | null {
  if (program.includes('/')) {
    const file = resolve(directory, program);
    const found = look(file);
    if (found === 'missing') return `there is no ${program} in ${directory}`;
    return found === 'usable' ? null : `${program} cannot be run: is it executable (chmod +x)?`;
  }
  const isThere = path
    .split(delimiter)
    .some((folder) => look(resolve(folder, program)) === 'usable');
  if (isThere) return null;
  const isHere = look(resolve(directory, program)) !== 'missing';
  const hint = isHere ? `; did you mean ./${program}?` : '';
  return `there is no program ${program} on the PATH${hint}`;
}

function look(file: string): 'missing' | 'unusable' | 'usable' {
  try {
    if (!statSync(file).isFile()) return 'unusable';
  } catch {
    return 'missing';
  }
  try {
    accessSync(file, constants.X_OK);
    return 'usable';
  } catch {
    return 'unusable';
  }
}
