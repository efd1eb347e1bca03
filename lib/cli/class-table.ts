// The class on stdout: a line for each submission.
import type { ClassEntry, ClassResult } from '../check/class-result.js';
import type { Measurement } from '../check/result.js';
import { counts, number } from '../check/reports/words.js';
import { visibleLine } from '../check/visible.js';

const HEAD = ['submission', 'points', 'passed', 'failed', 'flaky', 'not judged', ''];

export function classTable({ entries }: ClassResult): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- only who prints a table needs it
  const Table = require('cli-table3') as typeof import('cli-table3');
  const table = new Table({
    head: HEAD,
    style: { head: [], border: [], compact: true, 'padding-left': 0 },
    chars: BLANK,
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const entry of entries) table.push(row(entry));
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n${summary(entries)}\n`;
}

/** Speed and memory beside the reference's, as ratios. */
export function measurementTable(measurements: readonly Measurement[]): string {
  return measurements
    .map(({ name, side, unit, submission, reference, ratio, moreIsBetter }) => {
      const what = `${side} ${name}`.padEnd(20);
      const figures = `${figure(submission)} ${unit}, reference ${figure(reference)}`;
      return `${what} ${figure(ratio)} x the reference (${figures}; ${moreIsBetter ? 'more' : 'less'} is better)\n`;
    })
    .join('');
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

const EDGES = ['top', 'bottom', 'left', 'right', 'mid'] as const;
const BLANK = Object.fromEntries([
  ...EDGES.flatMap((edge) => [
    [edge, ''],
    ...['mid', 'left', 'right'].map((end) => [`${edge}-${end}`, '']),
  ]),
  ['middle', ' '],
]) as Record<string, string>;

function row({ student, report, problem }: ClassEntry): string[] {
  const name = visibleLine(student.name) + (student.late ? ' (late)' : '');
  if (report === null) {
    return [name, '', '', '', '', '', visibleLine(problem === '' ? 'not graded yet' : problem)];
  }
  const { passed, failed, flaky, skipped, error } = counts(report.results);
  const failure = report.server?.buildFailure ?? report.client?.buildFailure;
  const grade = `${number(report.points)}/${number(report.maxPoints)}`;
  const said = failure === undefined ? '' : 'did not compile';
  return [name, grade, ...[passed, failed, flaky, skipped + error].map(String), said];
}

function summary(entries: readonly ClassEntry[]): string {
  const graded = entries.filter(({ report }) => report !== null).length;
  const passed = entries.filter(({ report }) => report?.passed === true).length;
  const problems = entries.filter(({ problem }) => problem !== '').length;
  const left = entries.length - graded - problems;
  return [
    `${graded} of ${entries.length} graded`,
    `${passed} passed everything`,
    ...(problems > 0 ? [`${problems} could not be graded`] : []),
    ...(left > 0 ? [`${left} still to grade`] : []),
  ].join(', ');
}
