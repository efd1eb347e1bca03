// Gradescope's results.json:
// https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
import type { CaseResult, Measurement, Report } from '../result.js';
import { rounded, visibilityOf, type Rubric } from '../rubric.js';
import { visible, visibleLine } from '../visible.js';
import { caseLabel, countsText, detailText } from './words.js';

/** Gradescope shows at most so much of one text; more makes its page slow. */
const MOST_OUTPUT = 20_000;

export interface GradescopeTest {
  score: number;
  max_score: number;
  status: 'passed' | 'failed';
  name: string;
  name_format: 'text';
  number: string;
  output: string;
  output_format: 'text';
  tags: string[];
  visibility?: string;
}

export interface GradescopeResults {
  score: number;
  execution_time: number;
  output: string;
  output_format: 'text';
  visibility: 'visible';
  stdout_visibility: 'hidden';
  tests: GradescopeTest[];
  leaderboard?: { name: string; value: number; order?: 'asc' }[];
}

export function gradescopeResults(report: Report, rubric: Rubric | null): GradescopeResults {
  const results: GradescopeResults = {
    score: rounded(report.points),
    execution_time: Math.round(report.seconds),
    output: summary(report),
    output_format: 'text',
    visibility: 'visible',
    stdout_visibility: 'hidden',
    tests: report.results.map((result, index) => test(report, result, index, rubric)),
  };
  if (report.measurements.length > 0) results.leaderboard = report.measurements.map(standing);
  return results;
}

export function gradescopeReport(report: Report, rubric: Rubric | null): string {
  return `${JSON.stringify(gradescopeResults(report, rubric), null, 2)}\n`;
}

function test(
  report: Report,
  result: CaseResult,
  index: number,
  rubric: Rubric | null,
): GradescopeTest {
  const visibility = visibilityOf(rubric, result.name);
  const note = result.verdict === 'skipped' ? 'Not judged: ' : '';
  return {
    score: rounded(result.points),
    max_score: rounded(result.maxPoints),
    // Gradescope knows two: what was left out is no failure of the student's.
    status: result.verdict === 'passed' || result.verdict === 'skipped' ? 'passed' : 'failed',
    name: caseLabel(result, report.results),
    name_format: 'text',
    number: String(index + 1),
    output: (note + detailText(result)).slice(0, MOST_OUTPUT),
    output_format: 'text',
    tags: [result.side, result.verdict],
    ...(visibility === undefined ? {} : { visibility }),
  };
}

function summary(report: Report): string {
  const failures = [report.server, report.client].flatMap((program) =>
    program?.buildFailure === undefined ? [] : [program.buildFailure],
  );
  const built = [...new Set(failures)].map((text) => `It did not compile:\n${text}`);
  const text = visible([countsText(report.results), ...built].join('\n\n'));
  return text.slice(0, MOST_OUTPUT);
}

function standing({ name, side, unit, submission, moreIsBetter }: Measurement) {
  const value = Math.round(submission * 100) / 100;
  const label = visibleLine(`${side}: ${name} (${unit})`);
  return { name: label, value, ...(moreIsBetter ? {} : { order: 'asc' as const }) };
}
