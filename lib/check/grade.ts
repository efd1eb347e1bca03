// Grading one submission: every case with every partner, and the report that comes of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSubmission, notBuilt } from './build.js';
import type { Case } from './case.js';
import { CASES } from './cases/index.js';
import type { GradeOptions, Submission } from './grade-options.js';
import { measureSpeed } from './pace.js';
import { type Partner, partnersOf } from './partners.js';
import { selectCases } from './patterns.js';
import type { CaseResult, Report } from './result.js';
import { version } from './root.js';
import { runCase, type Task } from './run-case.js';

export * from './grade-options.js';

/**
 * Grades it. Whatever the submission has started is ended when the promise settles.
 *
 * @throws CommandError where a command cannot be used; the signal's reason where it is aborted.
 */
export async function grade(submission: Submission, options: GradeOptions): Promise<Report> {
  const start = performance.now();
  const started = new Date().toISOString();
  measureSpeed();
  const folder = mkdtempSync(join(tmpdir(), 'sockcheck-'));
  try {
    const { partners, notices } = await partnersOf(submission, options, folder);
    const tasks = plan(submission, options, partners);
    const isBuilt = submission.build !== undefined;
    options.onStart?.(tasks.length + (isBuilt ? 1 : 0));
    const build = await buildSubmission(submission, options);
    if (build !== null) options.onResult?.(build.result);
    const results =
      build === null || build.result.verdict === 'passed'
        ? await runAll(tasks, submission, options)
        : tasks.map((task) => notBuilt(task, options));
    const all = build === null ? results : [build.result, ...results];
    const failure = build?.failure === undefined ? {} : { buildFailure: build.failure };
    const program = (command?: string) => (command === undefined ? null : { command, ...failure });
    return {
      format: 1,
      name: submission.name,
      version: version(),
      started,
      seconds: (performance.now() - start) / 1000,
      machine: machine(),
      server: program(submission.server),
      client: program(submission.client),
      results: all,
      measurements: [],
      points: sum(all.map(({ points }) => points)),
      maxPoints: sum(all.map(({ maxPoints }) => maxPoints)),
      passed: all.every(({ required, verdict }) => !required || isFine(verdict)),
      ...(notices.length === 0 ? {} : { notices }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A case that could not be judged here counts neither for nor against. */
function isFine(verdict: CaseResult['verdict']): boolean {
  return verdict === 'passed' || verdict === 'skipped';
}

function plan(submission: Submission, options: GradeOptions, partners: readonly Partner[]): Task[] {
  return selectCases(CASES, options.only, options.skip)
    .filter(({ side }) => submission[side] !== undefined)
    .flatMap((of) => partnersFor(of, partners).map((partner) => ({ of, partner })));
}

function partnersFor(of: Case, partners: readonly Partner[]): readonly (Partner | null)[] {
  if (!of.partners) return [null];
  return of.isHeavy === true ? partners.slice(0, 1) : partners;
}

async function runAll(
  tasks: readonly Task[],
  submission: Submission,
  options: GradeOptions,
): Promise<CaseResult[]> {
  const { jobs = availableParallelism(), limits, signal, onResult } = options;
  const results: CaseResult[] = [];
  let next = 0;
  const worker = async () => {
    for (;;) {
      const index = next++;
      const task = tasks[index];
      if (task === undefined) return;
      const result = await runCase(task, submission, limits, signal);
      results[index] = result;
      onResult?.(result);
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: Math.max(1, jobs) }, worker));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return results;
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `Linux ${release()}, ${availableParallelism()} x ${model}`;
}

function sum(list: readonly number[]): number {
  return list.reduce((total, one) => total + one, 0);
}
