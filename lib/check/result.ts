// What grading gives: the one thing that cases make and that every report is made from. JSON as it
// stands: `--report json=FILE` writes a Report, and merging reads it again.

/** The program that a case judges. */
export type Side = 'server' | 'client';

/**
 * `flaky`: failed and passed when it was run again. `skipped`: could not be judged here, the
 * explanation says why. `error`: the grader itself failed; never the submission's fault.
 */
export type Verdict = 'passed' | 'failed' | 'flaky' | 'skipped' | 'error';

/** Bytes as they were, and what was expected in their place: shown as text and as hex. */
export interface Difference {
  kind: 'difference';
  title: string;
  /** Where the first difference is, in bytes from the start. */
  offset: number;
  expectedBytes: number;
  actualBytes: number;
  /** Some bytes around the offset, base64; `start` is the offset of their first byte. */
  start: number;
  expected: string;
  actual: string;
}

/** A few lines: what the program wrote to stderr, the calls that it made. */
export interface Excerpt {
  kind: 'excerpt';
  title: string;
  text: string;
}

export type Evidence = Difference | Excerpt;

export interface CaseResult {
  /** The case's name: `server-ten-at-once`. */
  name: string;
  side: Side;
  /** One sentence that a student understands: what the case does. */
  title: string;
  /** The line of the specification that it tests. */
  specification: string;
  required: boolean;
  /** The program at the other end: `sockkit`, `reference`, `submission`; null where there is none. */
  partner: string | null;
  verdict: Verdict;
  /** What was wrong and why, in whole sentences; '' where it passed. */
  explanation: string;
  evidence: Evidence[];
  /** How often it was run, and how often it passed. */
  runs: number;
  passes: number;
  seconds: number;
  points: number;
  maxPoints: number;
}

/** One thing measured on both sides. */
export interface Measurement {
  /** `throughput`, `connections`, `memory`. */
  name: string;
  side: Side;
  unit: string;
  submission: number;
  reference: number;
  /** submission / reference. */
  ratio: number;
  moreIsBetter: boolean;
}

export interface Program {
  /** As it was given, placeholders and all. */
  command: string;
  /** Empty where there was nothing to build; else what the build printed when it failed. */
  buildFailure?: string;
}

export interface Report {
  format: 1;
  /** The submission's name: a student, a directory. */
  name: string;
  version: string;
  started: string;
  seconds: number;
  machine: string;
  server: Program | null;
  client: Program | null;
  results: CaseResult[];
  measurements: Measurement[];
  points: number;
  maxPoints: number;
  /** True where every required case passed. */
  passed: boolean;
  /** What the reader must know of the grading itself: that there was no C compiler, for instance. */
  notices?: string[];
}
