// What grading takes.
import type { CaseResult } from './result.js';

/** What is to be graded: programs as commands, `{host}` and `{port}` standing for the address. */
export interface Submission {
  /** A student, a directory. */
  name: string;
  /** Where the commands run. */
  directory: string;
  /** `./server {port}` */
  server?: string;
  /** `./client {host} {port}` */
  client?: string;
  /** What makes the programs: `make`. */
  build?: string;
}

/** What one program may use in one case. */
export interface Limits {
  /** Seconds of processor time, on a machine that is not slow. */
  seconds: number;
  memoryBytes: number;
  /** Processes and threads. */
  processes: number;
  /** Of any file that it writes, its output first of all. */
  outputBytes: number;
}

export interface GradeOptions {
  /** Patterns of case names, `*` for any characters; without any, all cases. */
  only?: string[];
  skip?: string[];
  /** Commands of another reference pair than the one that comes with the package. */
  reference?: { server: string; client: string };
  /** How many cases at the same time. */
  jobs?: number;
  limits: Limits;
  /** Ends the grading: everything that was started is ended, and the promise is rejected. */
  signal?: AbortSignal;
  onStart?: (total: number) => void;
  onResult?: (result: CaseResult) => void;
}

export const DEFAULT_LIMITS: Limits = {
  seconds: 20,
  memoryBytes: 2 ** 30,
  processes: 256,
  outputBytes: 2 ** 30,
};
