// One worker: started, listened to, held to its time, and ended.
import { fork } from 'node:child_process';
import type { Report } from '../result.js';
import { visible } from '../visible.js';
import type { FromWorker, Task, ToWorker } from './worker.js';

/** How a worker is started: a module, and the arguments that make it one. */
export interface WorkerModule {
  file: string;
  args: readonly string[];
}

export type Outcome =
  | { kind: 'report'; report: Report }
  /** `again`: it may go better another time. */
  | { kind: 'problem'; message: string; again: boolean }
  | { kind: 'stopped' };

export interface SuperviseOptions {
  module: WorkerModule;
  task: Task;
  seconds: number;
  signal: AbortSignal;
  onMessage: (message: FromWorker) => void;
}

/** How long a worker may take to end what it has started. */
const STOP_MS = 15_000;
const MOST_STDERR = 4000;

/** Resolves when the worker has ended. */
export function supervise(options: SuperviseOptions): Promise<Outcome> {
  const { module, task, seconds, signal, onMessage } = options;
  return new Promise((resolve) => {
    // A session of its own: Ctrl-C at the terminal reaches the parent alone, which then stops it.
    const child = fork(module.file, [...module.args], {
      detached: true,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let outcome: Outcome | null = null;
    let late = false;
    let said = '';
    let kill: NodeJS.Timeout | null = null;
    const send = (message: ToWorker) => {
      if (child.connected) child.send(message, () => undefined);
    };
    const stop = () => {
      send({ type: 'stop' });
      kill ??= setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    };
    const limit = setTimeout(() => {
      late = true;
      stop();
    }, seconds * 1000);
    signal.addEventListener('abort', stop);

    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-MOST_STDERR);
    });
    child.on('message', (message: FromWorker) => {
      if (message.type === 'report') outcome = { kind: 'report', report: message.report };
      if (message.type === 'problem') {
        outcome = { kind: 'problem', message: message.message, again: false };
      }
      onMessage(message);
    });
    child.on('error', (error) => {
      outcome ??= { kind: 'problem', message: `the grader: ${error.message}`, again: true };
    });
    child.on('close', (code, by) => {
      clearTimeout(limit);
      if (kill !== null) clearTimeout(kill);
      signal.removeEventListener('abort', stop);
      resolve(outcome ?? withoutReport());

      function withoutReport(): Outcome {
        if (late) {
          const message = `it took more than ${seconds} s in all, which is the limit (limits.total)`;
          return { kind: 'problem', message, again: false };
        }
        if (signal.aborted) return { kind: 'stopped' };
        const end = by ?? `status ${code}`;
        const last = visible(said.trim());
        const message = `the grader ended (${end})${last === '' ? '' : `: ${last}`}`;
        return { kind: 'problem', message, again: true };
      }
    });
    if (signal.aborted) stop();
    else send({ type: 'grade', task });
  });
}
