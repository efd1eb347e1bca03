// Points for each case, as the staff want them.
import { z } from 'zod';
import type { CaseResult, Report, Verdict } from './result.js';
import { Refusal } from './refusal.js';
import { readYaml } from './yaml-file.js';

const VISIBILITY = ['visible', 'hidden', 'after_due_date', 'after_published'] as const;

const points = z.number().min(0).max(1_000_000);
const rule = z.union([
  points,
  z.strictObject({ points, visibility: z.enum(VISIBILITY).optional() }),
]);

export const rubricSchema = z.strictObject({
  /** What all cases together are worth: the points below are scaled to it. */
  total: points.optional(),
  /** A case's name, or a pattern with `*`. Of several that match, the last counts. */
  cases: z.record(z.string().min(1), rule).default({}),
  /** For a case that nothing here matches; without it, the case's own points. */
  others: points.optional(),
  /** The part of its points that a case gets which failed and passed when run again. */
  flaky: z.number().min(0).max(1).default(0.5),
  /** A case that could not be judged: left out of the total, or counted. */
  skipped: z.enum(['leave-out', 'full', 'none']).default('leave-out'),
});

export type Rubric = z.output<typeof rubricSchema>;
export type Visibility = (typeof VISIBILITY)[number];

/**
 * Reads a rubric.
 * @param known the names of all cases; a rule that matches none of them is refused
 */
export function readRubric(file: string, known: readonly string[] = []): Rubric {
  const { value, place } = readYaml(file, rubricSchema);
  checkRules(value, known, (pattern) => place(['cases', pattern]));
  return value;
}

/** @throws Refusal for a rule that matches no case */
export function checkRules(
  rubric: Rubric,
  known: readonly string[],
  place: (pattern: string) => string,
): void {
  if (known.length === 0) return;
  for (const pattern of Object.keys(rubric.cases)) {
    if (!known.some((name) => matches(pattern, name))) {
      throw new Refusal(`${place(pattern)}: no case is called '${pattern}'; see sockcheck --list`);
    }
  }
}

/** The same report with the rubric's points. */
export function applyRubric(report: Report, rubric: Rubric): Report {
  const counted = (result: CaseResult) =>
    !(rubric.skipped === 'leave-out' && isUnjudged(result.verdict));
  const variants = new Map<string, number>();
  for (const { name } of report.results.filter(counted)) {
    variants.set(name, (variants.get(name) ?? 0) + 1);
  }
  // A case with several partners has its points once.
  const worth = (result: CaseResult) =>
    counted(result) ? pointsOf(rubric, result) / (variants.get(result.name) ?? 1) : 0;
  const sum = report.results.reduce((all, result) => all + worth(result), 0);
  const scale = rubric.total === undefined || sum === 0 ? 1 : rubric.total / sum;
  const results = report.results.map((result) => {
    const maxPoints = worth(result) * scale;
    return { ...result, maxPoints, points: maxPoints * share(result, rubric) };
  });
  return { ...report, results, ...totals(results) };
}

/** Points and the most that could be had, without the dust of binary fractions. */
export function totals(results: readonly CaseResult[]): { points: number; maxPoints: number } {
  const sum = (pick: (result: CaseResult) => number) =>
    rounded(results.reduce((all, result) => all + pick(result), 0));
  return { points: sum(({ points }) => points), maxPoints: sum(({ maxPoints }) => maxPoints) };
}

export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function visibilityOf(rubric: Rubric | null, name: string): Visibility | undefined {
  const found = rubric === null ? undefined : ruleFor(rubric, name);
  return typeof found === 'object' ? found.visibility : undefined;
}

function pointsOf(rubric: Rubric, result: CaseResult): number {
  const found = ruleFor(rubric, result.name);
  if (found === undefined) return rubric.others ?? result.maxPoints;
  return typeof found === 'number' ? found : found.points;
}

function ruleFor(rubric: Rubric, name: string) {
  const found = Object.entries(rubric.cases).filter(([pattern]) => matches(pattern, name));
  return (found.find(([pattern]) => pattern === name) ?? found.at(-1))?.[1];
}

function share({ verdict }: CaseResult, rubric: Rubric): number {
  if (verdict === 'passed') return 1;
  if (verdict === 'flaky') return rubric.flaky;
  return isUnjudged(verdict) && rubric.skipped === 'full' ? 1 : 0;
}

function isUnjudged(verdict: Verdict): boolean {
  return verdict === 'skipped' || verdict === 'error';
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
