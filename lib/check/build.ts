// The submission's build, which is a case of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitCommand } from './command.js';
import { excerpt } from './failure.js';
import type { GradeOptions, Submission } from './grade-options.js';
import { describeEnd, Program, StartError } from './program.js';
import type { CaseResult } from './result.js';
import type { Task } from './run-case.js';

const PATIENCE_MS = 300_000;

const BUILD = {
  name: 'build',
  side: 'server',
  title: 'The program compiles.',
  specification: 'A program that does not compile cannot do anything that is asked for.',
  required: true,
  partner: null,
} as const;

export interface Build {
  result: CaseResult;
  /** What it printed, where it failed. */
  failure?: string;
}

/** Builds the submission; null where there is nothing to build. */
export async function buildSubmission(
  submission: Submission,
  { limits }: Pick<GradeOptions, 'limits'>,
): Promise<Build | null> {
  if (submission.build === undefined) return null;
  const start = performance.now();
  const failure = await runBuild(submission, submission.build, limits);
  const passed = failure === null;
  const result: CaseResult = {
    ...BUILD,
    verdict: passed ? 'passed' : 'failed',
    explanation: failure?.explanation ?? '',
    evidence: excerpt('What the build printed', Buffer.from(failure?.output ?? '')),
    runs: 1,
    passes: passed ? 1 : 0,
    seconds: (performance.now() - start) / 1000,
    points: passed ? 1 : 0,
    maxPoints: 1,
  };
  return passed ? { result } : { result, failure: failure.output };
}

async function runBuild(
  { directory }: Submission,
  command: string,
  limits: GradeOptions['limits'],
): Promise<{ explanation: string; output: string } | null> {
  const folder = mkdtempSync(join(tmpdir(), 'sockcheck-'));
  let program: Program | null = null;
  try {
    const words = splitCommand(command);
    program = new Program({
      title: 'the build',
      words,
      directory,
      folder,
      limits: { ...limits, seconds: Math.max(limits.seconds, PATIENCE_MS / 1000) },
    });
    const end = await program.ended(PATIENCE_MS);
    if (end?.code === 0) return null;
    const how = end === null ? 'does not end' : describeEnd(end);
    const output = Buffer.concat([program.output, program.errors]).toString('utf8');
    const reason = program.violation === '' ? '' : ` ${program.violation}`;
    return { explanation: `The build (${command}) ${how}.${reason}`, output };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { explanation: `${error.message}.`, output: '' };
  } finally {
    await program?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a case gives whose program was not built. */
export function notBuilt(
  { of, partner }: Task,
  { onResult }: Pick<GradeOptions, 'onResult'>,
): CaseResult {
  const { name, side, title, specification, required } = of;
  const result: CaseResult = {
    name,
    side,
    title,
    specification,
    required,
    partner: partner?.name ?? null,
    verdict: 'failed',
    explanation: 'The program was not built, so nothing could be tested.',
    evidence: [],
    runs: 0,
    passes: 0,
    seconds: 0,
    points: 0,
    maxPoints: 1,
  };
  onResult?.(result);
  return result;
}
