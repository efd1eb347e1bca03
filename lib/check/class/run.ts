// Grades a class: so many submissions at a time, each in a worker, each result stored as it comes.
// What is stored already, of the same contents and the same rules, is not graded again.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Submission } from '../grade-options.js';
import { messageOf, Refusal } from '../refusal.js';
import type { ClassConfig, Programs } from './config.js';
import { findHandIns, shardOf, type HandIn } from './hand-ins.js';
import { copyInto, digestOf } from './sources.js';
import { Store, type StoredResult } from './store.js';
import { supervise, type WorkerModule } from './supervise.js';
import type { FromWorker } from './worker.js';

export interface ClassEvents {
  onNotice(text: string): void;
  /** How many are to be graded, and how many of them are stored already. */
  onStart(total: number, kept: number): void;
  onBegin(name: string): void;
  onMessage(name: string, message: FromWorker): void;
  /** Null where it was stopped. */
  onEnd(name: string, result: StoredResult | null): void;
}

export interface RunOptions {
  config: ClassConfig;
  shard: { index: number; count: number };
  /** Grade again what is stored. */
  again: boolean;
  version: string;
  worker: WorkerModule;
  signal: AbortSignal;
  events: ClassEvents;
}

interface Work {
  handIn: HandIn;
  key: string;
}

/** Resolves when everything is graded, or stopped: then what there is is stored. */
export async function gradeClass(options: RunOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sockcheck-class-'));
  try {
    await gradeIn(folder, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function gradeIn(folder: string, options: RunOptions): Promise<void> {
  const { config, shard, again, events } = options;
  const { handIns, notices } = await findHandIns(config, folder);
  for (const notice of notices) events.onNotice(notice);
  const store = new Store(config.results);
  const students = handIns.map(({ student }) => student);
  store.writeManifest({ title: config.title, students, rubric: config.rubric });
  const own = shardOf(handIns, shard.index, shard.count);
  const waiting: Work[] = [];
  for (const handIn of own) {
    const key = keyOf(handIn, options);
    const found = again ? null : store.find(handIn.student.name, key);
    if (found === null) waiting.push({ handIn, key });
  }
  events.onStart(own.length, own.length - waiting.length);
  const lane = async () => {
    for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) {
      if (options.signal.aborted) return;
      await gradeOne(work, folder, store, options);
    }
  };
  await Promise.all(Array.from({ length: config.jobs }, lane));
}

/** Of everything that a result depends on. '' where the hand-in cannot even be read. */
function keyOf({ source, programs }: HandIn, { config, version }: RunOptions): string {
  const { only, skip, bench, reference, limits, totalSeconds } = config;
  const rules = [version, config.programs, programs, only, skip, bench, reference];
  try {
    const hash = createHash('sha256').update(digestOf(source));
    return hash.update(JSON.stringify([...rules, limits, totalSeconds])).digest('hex');
  } catch {
    return '';
  }
}

async function gradeOne(
  { handIn, key }: Work,
  folder: string,
  store: Store,
  options: RunOptions,
): Promise<void> {
  const { config, worker, signal, events } = options;
  const { student } = handIn;
  const directory = mkdtempSync(join(folder, 'submission-'));
  events.onBegin(student.name);
  const finish = (rest: Pick<StoredResult, 'report' | 'problem' | 'key'>) => {
    const result: StoredResult = { format: 1, student, ...rest };
    store.write(result);
    events.onEnd(student.name, result);
  };
  try {
    await copyInto(handIn.source, directory);
    const outcome = await supervise({
      module: worker,
      task: {
        submission: submissionOf(handIn, directory, config),
        options: {
          only: config.only,
          skip: config.skip,
          jobs: config.cases,
          limits: config.limits,
          ...(config.reference === null ? {} : { reference: config.reference }),
        },
        bench: config.bench,
      },
      seconds: config.totalSeconds,
      signal,
      onMessage: (message) => {
        events.onMessage(student.name, message);
      },
    });
    if (outcome.kind === 'stopped') events.onEnd(student.name, null);
    else if (outcome.kind === 'report') finish({ report: outcome.report, problem: '', key });
    else finish({ report: null, problem: outcome.message, key: outcome.again ? '' : key });
  } catch (error) {
    // Of a refusal the submission is the reason, of anything else this machine.
    const isItsOwn = error instanceof Refusal;
    finish({ report: null, problem: messageOf(error), key: isItsOwn ? key : '' });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function submissionOf(handIn: HandIn, directory: string, config: ClassConfig): Submission {
  const fitting = config.programs.find(
    ({ when }) => when === null || existsSync(join(directory, when)),
  );
  const own = handIn.programs;
  if (fitting === undefined && own.server === undefined && own.client === undefined) {
    const wanted = config.programs.map(({ when }) => when ?? '').join(', ');
    throw new Refusal(`none of these files was handed in: ${wanted}`);
  }
  const pick = (name: keyof Programs) => {
    const command = own[name] ?? fitting?.[name];
    return command === undefined ? {} : { [name]: command };
  };
  mkdirSync(directory, { recursive: true });
  const name = handIn.student.name;
  return { name, directory, ...pick('build'), ...pick('server'), ...pick('client') };
}
