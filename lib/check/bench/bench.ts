// Speed and memory of a submission beside the reference's: the same work, one after the other and
// over again, so that whatever else the machine does meets both. Medians of the rounds.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaseFailure } from '../failure.js';
import type { GradeOptions, Submission } from '../grade-options.js';
import { ownPair, partnersOf, type Partner } from '../partners.js';
import type { Measurement, Side } from '../result.js';
import { Trial } from '../trial.js';
import { connections, fromClient, throughServer, type Measured } from './measure.js';

export interface BenchResult {
  measurements: Measurement[];
  /** What could not be measured, and why. */
  notices: string[];
}

export type BenchOptions = Pick<GradeOptions, 'limits' | 'reference' | 'signal'>;

const ROUNDS = 5;
const MESSAGE_BYTES = 2 ** 27;

type Measure = (trial: Trial, input: string) => Promise<Measured>;

const WORK: Record<Side, readonly Measure[]> = {
  server: [throughServer(MESSAGE_BYTES), connections],
  client: [fromClient(MESSAGE_BYTES)],
};

const UNITS: Record<keyof Measured, { unit: string; moreIsBetter: boolean }> = {
  throughput: { unit: 'MiB/s', moreIsBetter: true },
  connections: { unit: 'connections/s', moreIsBetter: true },
  memory: { unit: 'MiB', moreIsBetter: false },
};

/** @throws the signal's reason where it is aborted */
export async function bench(submission: Submission, options: BenchOptions): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sockcheck-bench-'));
  const result: BenchResult = { measurements: [], notices: [] };
  try {
    const input = join(folder, 'message');
    const fd = openSync(input, 'w');
    ftruncateSync(fd, MESSAGE_BYTES);
    closeSync(fd);
    const { partners, notices } = await partnersOf({ ...submission }, options, folder);
    const reference = partners.find(({ name }) => name === 'reference') ?? ownPair();
    if (reference.name !== 'reference') {
      result.notices.push(...notices, "the measurements' reference is sockkit's own pair");
    }
    for (const side of ['server', 'client'] as const) {
      if (submission[side] === undefined) continue;
      for (const measure of WORK[side]) {
        await compare(measure, side, { submission, reference, input, options, result });
      }
    }
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Comparison {
  submission: Submission;
  reference: Partner;
  input: string;
  options: BenchOptions;
  result: BenchResult;
}

async function compare(measure: Measure, side: Side, comparison: Comparison): Promise<void> {
  const { submission, reference, result } = comparison;
  const rounds: { submission: Measured[]; reference: Measured[] } = {
    submission: [],
    reference: [],
  };
  try {
    // The first of all meets cold caches, and counts for neither.
    await once(measure, side, submission, comparison);
    for (let round = 0; round < ROUNDS; round++) {
      rounds.submission.push(await once(measure, side, submission, comparison));
      rounds.reference.push(await once(measure, side, asSubmission(reference), comparison));
    }
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    result.notices.push(`the ${side}'s speed could not be measured: ${error.message}`);
    return;
  }
  for (const name of Object.keys(UNITS) as (keyof Measured)[]) {
    const own = median(rounds.submission.flatMap((one) => one[name] ?? []));
    const other = median(rounds.reference.flatMap((one) => one[name] ?? []));
    // Memory is that of the first work, which is the long message.
    const isThere = result.measurements.some((m) => m.name === name && m.side === side);
    if (own === null || other === null || other === 0 || isThere) continue;
    result.measurements.push({
      ...{ name, side, submission: own, reference: other, ratio: own / other },
      ...UNITS[name],
    });
  }
}

async function once(
  measure: Measure,
  side: Side,
  of: Submission,
  { reference, input, options }: Comparison,
): Promise<Measured> {
  const { limits, signal } = options;
  signal?.throwIfAborted();
  const trial = new Trial({ submission: of, limits, side, partner: reference });
  const close = () => void trial.close();
  signal?.addEventListener('abort', close);
  try {
    return await measure(trial, input);
  } catch (error) {
    // What goes wrong while everything is ended says nothing.
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', close);
    await trial.close();
  }
}

function asSubmission({ name, server, client, directory }: Partner): Submission {
  return {
    ...{ name, directory },
    ...(server === null ? {} : { server: server.text }),
    ...(client === null ? {} : { client: client.text }),
  };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
