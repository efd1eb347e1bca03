// Names of cases as they are asked for: `*` stands for any characters.
import type { Case } from './case.js';

function matcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const expression = new RegExp(`^${source}$`);
  return (name) => expression.test(name);
}

/** Those that match one of `only` (all where it is empty) and none of `skip`. */
export function selectCases(
  cases: readonly Case[],
  only: readonly string[] = [],
  skip: readonly string[] = [],
): Case[] {
  const wanted = only.map(matcher);
  const unwanted = skip.map(matcher);
  return cases.filter(
    ({ name }) =>
      (wanted.length === 0 || wanted.some((matches) => matches(name))) &&
      !unwanted.some((matches) => matches(name)),
  );
}

/** The patterns that match no case at all: they are misspelt. */
export function unmatched(cases: readonly Case[], patterns: readonly string[]): string[] {
  return patterns.filter((pattern) => !cases.some(({ name }) => matcher(pattern)(name)));
}
