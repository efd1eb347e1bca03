// Options that sockcheck takes for one submission, for a class and for merging.
import { Refusal } from '../check/refusal.js';
import { parseReportTargets, type ReportTarget } from '../check/reports/write.js';
import { UsageError } from './arguments.js';
import { Failure } from './report.js';
import type { OptionSpec } from './spec.js';

export const REPORT_OPTIONS = {
  report: {
    kind: 'text',
    value: 'KIND=FILE',
    many: true,
    help: 'Also write a report: html, junit, json or gradescope. May be given several times.',
  },
  rubric: { kind: 'text', value: 'FILE', help: 'Points for each case, as YAML.' },
} as const satisfies Record<string, OptionSpec>;

export const CLASS_OPTIONS = {
  results: {
    kind: 'text',
    value: 'DIR',
    help: "A class: where its results are kept (class.yaml's results).",
  },
  shard: { kind: 'text', value: 'I/N', help: 'A class: only the Ith of N parts of it.' },
  again: { kind: 'flag', help: 'A class: grade also what has not changed.' },
} as const satisfies Record<string, OptionSpec>;

export function reportTargets(text: string | null): ReportTarget[] {
  try {
    return text === null ? [] : parseReportTargets(text);
  } catch (error) {
    throw error instanceof Refusal ? new UsageError(error.message) : error;
  }
}

/** `2/8`: the second of eight. */
export function parseShard(text: string | null): { index: number; count: number } {
  if (text === null) return { index: 1, count: 1 };
  const [, first = '', second = ''] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  const [index, count] = [Number(first), Number(second)];
  if (index >= 1 && index <= count) return { index, count };
  throw new UsageError(`--shard '${text}': write I/N, as 2/8 for the second of eight`);
}

/** What the user has to mend is said in one line, like all that is refused. */
export function asFailure(error: unknown): unknown {
  return error instanceof Refusal ? new Failure(error.message) : error;
}
