// Grades one submission in a process of its own, so that a class is not lost with one of them.
// What it is to grade comes by IPC, and what comes of it goes back that way.
import type { GradeOptions, Submission } from '../grade-options.js';
import { messageOf } from '../refusal.js';
import type { Report, Verdict } from '../result.js';

export interface Task {
  submission: Submission;
  options: Omit<GradeOptions, 'signal' | 'onStart' | 'onResult'>;
  bench: boolean;
}

export type ToWorker = { type: 'grade'; task: Task } | { type: 'stop' };

export type FromWorker =
  | { type: 'start'; total: number }
  | { type: 'case'; name: string; verdict: Verdict }
  | { type: 'report'; report: Report }
  | { type: 'problem'; message: string };

export type Grader = (task: Task, options: GradeOptions) => Promise<Report>;

/** Serves one task. Resolves when all is said and everything that was started is ended. */
export async function work(grader: Grader): Promise<void> {
  const stop = new AbortController();
  // Ctrl-C at a terminal is the parent's to answer, and so is the end of a worker.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  process.once('disconnect', () => {
    stop.abort();
  });
  const task = await new Promise<Task | null>((resolve) => {
    process.on('message', (message: ToWorker) => {
      if (message.type === 'grade') resolve(message.task);
      else stop.abort();
    });
    stop.signal.addEventListener('abort', () => {
      resolve(null);
    });
  });
  if (task !== null) await gradeTask(grader, task, stop.signal);
  process.removeAllListeners('message');
  if (process.connected) process.disconnect();
}

async function gradeTask(grader: Grader, task: Task, signal: AbortSignal): Promise<void> {
  try {
    const report = await grader(task, {
      ...task.options,
      signal,
      onStart: (total) => void tell({ type: 'start', total }),
      onResult: ({ name, verdict }) => void tell({ type: 'case', name, verdict }),
    });
    if (!signal.aborted) await tell({ type: 'report', report });
  } catch (error) {
    if (!signal.aborted) await tell({ type: 'problem', message: messageOf(error) });
  }
}

/** Resolves when it is on its way: a process that exits at once would take it along. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else
      process.send(message, () => {
        resolve();
      });
  });
}
