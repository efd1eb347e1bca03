// sockcheck class.yaml: a whole class.
import type { ClassResult } from '../check/class-result.js';
import { readClass, type ClassConfig } from '../check/class/config.js';
import { resultOf, writeOutputs } from '../check/class/outputs.js';
import { gradeClass } from '../check/class/run.js';
import { Store } from '../check/class/store.js';
import type { WorkerModule } from '../check/class/supervise.js';
import type { ReportTarget } from '../check/reports/write.js';
import { readRubric } from '../check/rubric.js';
import { CASE_NAMES } from '../check/class/config.js';
import { resolve } from 'node:path';
import { ClassProgress } from './class-progress.js';
import { classTable } from './class-table.js';
import { EXIT_REFUSED } from './command.js';
import { dieOf } from './die.js';
import { lazy } from './lazy.js';
import { say } from './report.js';
import { asFailure, parseShard, reportTargets } from './sockcheck-options.js';
import { writeAll } from './stdio.js';

export interface ClassValues {
  report: string | null;
  rubric: string | null;
  results: string | null;
  shard: string | null;
  again: boolean;
  jobs: number | null;
  bench: boolean;
  verbose: boolean;
}

const NAME = 'sockcheck';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The result is the exit status: 0 where everything was graded and passed. */
export async function classMain(
  file: string,
  values: ClassValues,
  worker: WorkerModule = { file: process.argv[1] ?? '', args: ['worker'] },
): Promise<number> {
  try {
    const targets = reportTargets(values.report);
    const shard = parseShard(values.shard);
    const config = withValues(readClass(file), values);
    return await run({ config, values, targets, shard, worker });
  } catch (error) {
    throw asFailure(error);
  }
}

interface Run {
  config: ClassConfig;
  values: ClassValues;
  targets: ReportTarget[];
  shard: { index: number; count: number };
  worker: WorkerModule;
}

async function run({ config, values, targets, shard, worker }: Run): Promise<number> {
  const interrupted = new AbortController();
  const received: NodeJS.Signals[] = [];
  const progress = new ClassProgress(NAME, values.verbose);
  const interrupt = (signal: NodeJS.Signals) => {
    received.push(signal);
    if (received.length > 1) process.exit(EXIT_REFUSED);
    progress.clear();
    say(NAME, `${signal}: ending what runs; once more ends at once`);
    interrupted.abort();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    await gradeClass({
      config,
      shard,
      again: values.again,
      version: lazy.help().version(),
      worker,
      signal: interrupted.signal,
      events: progress,
    });
  } finally {
    progress.clear();
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
  const result = resultOf(new Store(config.results), config.rubric);
  const { feedback, grades } = config;
  const reports = [...config.reports, ...targets];
  // A part of a class is no class: what is made of the whole is made when it is merged.
  const outputs =
    shard.count > 1
      ? { reports: targets, feedback: null, grades: null }
      : { reports, feedback, grades };
  for (const notice of await writeOutputs(result, outputs)) say(NAME, notice);
  const [by] = received;
  if (by === undefined) return conclude(result, shard.count > 1);
  const left = result.entries.filter((e) => e.report === null && e.problem === '').length;
  say(
    NAME,
    `${result.entries.length - left} of ${result.entries.length} are graded; the same command goes on`,
  );
  return dieOf(by);
}

/** Prints the class, and gives the exit status. */
export function conclude({ title, entries }: ClassResult, part = false): number {
  const own = part ? entries.filter((e) => e.report !== null || e.problem !== '') : entries;
  writeAll(1, classTable({ title, entries: own }));
  return own.every(({ report }) => report?.passed === true) ? 0 : EXIT_REFUSED;
}

function withValues(config: ClassConfig, values: ClassValues): ClassConfig {
  const { results, jobs, rubric, bench } = values;
  return {
    ...config,
    bench: config.bench || bench,
    ...(results === null ? {} : { results: resolve(results) }),
    ...(jobs === null ? {} : { jobs }),
    ...(rubric === null ? {} : { rubric: readRubric(rubric, CASE_NAMES) }),
  };
}
