// A case with one partner: run, and where it fails run once more, since a failure that does not come
// again has another name.
import type { Case } from './case.js';
import { CaseFailure, CaseSkip } from './failure.js';
import type { Limits, Submission } from './grade-options.js';
import type { Partner } from './partners.js';
import type { CaseResult, Evidence, Verdict } from './result.js';
import { Trial } from './trial.js';

export interface Task {
  of: Case;
  partner: Partner | null;
}

interface Outcome {
  verdict: Verdict;
  explanation: string;
  evidence: Evidence[];
  /** A limit was broken, which takes long and would be so again. */
  isCertain: boolean;
}

const PASSED: Outcome = { verdict: 'passed', explanation: '', evidence: [], isCertain: false };

/** @throws the signal's reason where it is aborted */
export async function runCase(
  { of, partner }: Task,
  submission: Submission,
  limits: Limits,
  signal?: AbortSignal,
): Promise<CaseResult> {
  const start = performance.now();
  const outcomes: Outcome[] = [];
  const again = () =>
    outcomes.length < 2 &&
    outcomes.every(({ verdict, isCertain }) => verdict === 'failed' && !isCertain);
  do {
    outcomes.push(
      await attempt(of, new Trial({ submission, limits, side: of.side, partner }), signal),
    );
  } while (again());
  const passes = outcomes.filter((one) => one.verdict === 'passed').length;
  const { verdict, explanation, evidence } = combine(outcomes);
  const { name, side, title, specification } = of;
  return {
    name,
    side,
    title,
    specification,
    // With the submission's other half it cannot be told which of the two is wrong.
    required: of.required && partner?.name !== 'submission',
    partner: partner?.name ?? null,
    verdict,
    explanation,
    evidence,
    runs: outcomes.length,
    passes,
    seconds: (performance.now() - start) / 1000,
    points: verdict === 'passed' ? 1 : 0,
    maxPoints: 1,
  };
}

function combine(outcomes: readonly Outcome[]): Outcome {
  const [first = PASSED, last = first] = outcomes;
  if (first.verdict !== 'failed' || last.verdict === 'failed') return first;
  if (last.verdict !== 'passed') return last;
  return {
    ...first,
    verdict: 'flaky',
    explanation: `It failed once and passed once, which luck decides and not the program. When it failed: ${first.explanation}`,
  };
}

function withLimits(explanation: string, violations: readonly string[]): string {
  const untold = violations.filter((violation) => !explanation.includes(violation));
  return [explanation, ...new Set(untold)].join(' ');
}

async function attempt(of: Case, trial: Trial, signal?: AbortSignal): Promise<Outcome> {
  const stop = () => {
    void trial.close();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    await of.run(trial);
    return { ...PASSED, evidence: trial.notes };
  } catch (caught) {
    signal?.throwIfAborted();
    const error = await trial.explained(caught);
    if (error instanceof CaseSkip) {
      return { ...PASSED, verdict: 'skipped', explanation: error.message };
    }
    if (error instanceof CaseFailure) {
      const evidence = error.evidence.some(({ kind }) => kind === 'excerpt')
        ? []
        : trial.evidence();
      return {
        verdict: 'failed',
        explanation: withLimits(error.message, trial.violations),
        evidence: [...error.evidence, ...evidence],
        isCertain: trial.brokeLimit,
      };
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      ...PASSED,
      verdict: 'error',
      explanation: `The grader itself failed, which is not the fault of the program: ${text}`,
    };
  } finally {
    signal?.removeEventListener('abort', stop);
    await trial.close();
  }
}
