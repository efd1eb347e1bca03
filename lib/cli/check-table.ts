// What sockcheck prints: the list of the cases, and the table of what a submission made of them.
import { styleText } from 'node:util';
import type { Case } from '../check/case.js';
import type { CaseResult, Difference, Evidence, Report, Verdict } from '../check/result.js';

export interface Style {
  colour: boolean;
}

type Colour = 'green' | 'red' | 'yellow' | 'gray' | 'bold';

const COLOURS: Record<Verdict, Colour> = {
  passed: 'green',
  failed: 'red',
  flaky: 'yellow',
  skipped: 'gray',
  error: 'yellow',
};
/** Other than `null`, of the columns with partners. */
const ALONE = '-';
const WIDTH = 96;
const BYTES_IN_ROW = 16;

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '' },
  middle: '  ',
};

export function caseList(cases: readonly Case[], style: Style): string {
  return cases
    .map(({ name, title, specification, required }) => {
      const extra = required ? '' : ' (not required)';
      return [
        paint(style, 'bold', name) + extra,
        ...wrap(title, '  '),
        ...wrap(`Tests: ${specification}`, '  '),
        '',
      ].join('\n');
    })
    .join('\n');
}

export function gradeTable(report: Report, style: Style): string {
  const { results, notices = [] } = report;
  const bad = results.filter(({ verdict }) => verdict !== 'passed');
  return [
    matrix(results, style),
    '',
    ...group(bad).flatMap((same) => [...details(same, style), '']),
    ...notices.flatMap((notice) => wrap(`Note: ${notice}.`, '')),
    summary(report, style),
    '',
  ].join('\n');
}

function matrix(results: readonly CaseResult[], style: Style): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- only who prints a table needs it
  const Table = require('cli-table3') as typeof import('cli-table3');
  const columns = [...new Set(results.map(({ partner }) => partner ?? ALONE))];
  const table = new Table({
    head: ['case', ...columns.map((name) => (name === ALONE ? '' : `with ${name}`))],
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const name of new Set(results.map((result) => result.name))) {
    const cells = columns.map((column) => {
      const found = results.find((one) => one.name === name && (one.partner ?? ALONE) === column);
      return found === undefined ? '' : paint(style, COLOURS[found.verdict], found.verdict);
    });
    table.push([name, ...cells]);
  }
  return table
    .toString()
    .split('\n')
    .map((row) => row.trimEnd())
    .join('\n');
}

/** The same case with several partners is explained once, where it is the same that went wrong. */
function group(results: readonly CaseResult[]): CaseResult[][] {
  const groups = new Map<string, CaseResult[]>();
  for (const result of results) {
    const key = `${result.name} ${result.verdict}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()];
}

function details(same: readonly CaseResult[], style: Style): string[] {
  const [first] = same;
  if (first === undefined) return [];
  const partners = same.flatMap(({ partner }) => (partner === null ? [] : [partner]));
  const beside = partners.length === 0 ? '' : ` (with ${partners.join(', ')})`;
  return [
    paint(style, COLOURS[first.verdict], `${first.verdict.toUpperCase()} ${first.name}`) + beside,
    ...wrap(first.title, '  '),
    ...wrap(first.explanation, '  '),
    ...first.evidence.flatMap((one) => evidenceLines(one)),
  ];
}

function evidenceLines(evidence: Evidence): string[] {
  if (evidence.kind === 'difference') return differenceLines(evidence);
  return [
    `  ${evidence.title}:`,
    ...evidence.text.split('\n').map((text) => `    ${harmless(text)}`),
  ];
}

function differenceLines(difference: Difference): string[] {
  const { start, expected, actual } = difference;
  return [
    '  expected:',
    ...hexRows(Buffer.from(expected, 'base64'), start),
    '  got:',
    ...hexRows(Buffer.from(actual, 'base64'), start),
  ];
}

function hexRows(bytes: Buffer, start: number): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_IN_ROW) {
    const row = bytes.subarray(at, at + BYTES_IN_ROW);
    const hex = row
      .toString('hex')
      .replace(/../g, '$& ')
      .padEnd(BYTES_IN_ROW * 3);
    const text = row.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    rows.push(`    ${String(start + at).padStart(9)}  ${hex} ${text}`);
  }
  return rows.length === 0 ? ['    (nothing)'] : rows;
}

/** What a program has written cannot speak to the terminal. */
function harmless(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '?');
}

function summary({ results, passed, seconds }: Report, style: Style): string {
  const count = (verdict: Verdict) => results.filter((one) => one.verdict === verdict).length;
  const parts = (['passed', 'failed', 'flaky', 'skipped', 'error'] as const)
    .filter((verdict) => verdict === 'passed' || count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${verdict}`);
  const word = passed ? 'all required cases passed' : 'not all required cases passed';
  return `${paint(style, passed ? 'green' : 'red', word)}: ${parts.join(', ')} (${seconds.toFixed(1)} s)`;
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of harmless(text).split(/\s+/)) {
    if (line !== indent && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}

function paint({ colour }: Style, name: Colour, text: string): string {
  return colour ? styleText(name, text) : text;
}
