// Grading programs of test/fixtures, several at the same time.
import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { CASES, CaseFailure, DEFAULT_LIMITS, grade, Trial } from './inside-check.js';
import type { CaseResult, Verdict } from './inside-check.js';
import type { Prepared } from './submissions.js';
import { clientTemplate, serverTemplate } from './inside-check.js';

const ROOT = path.resolve(__dirname, '../..');

/** The C reference, compiled once for all. */
export function compileReference(folder: string): { server: string; client: string } {
  for (const name of ['server', 'client']) {
    const source = path.join(ROOT, 'reference', `${name}.c`);
    execFileSync('cc', ['-O2', '-pthread', '-o', path.join(folder, `ref-${name}`), source]);
  }
  return {
    server: `'${folder}/ref-server' {port}`,
    client: `'${folder}/ref-client' {host} {port}`,
  };
}

export async function gradeCases(
  name: string,
  submission: Prepared,
  reference: { server: string; client: string },
  only: readonly string[],
  jobs = 1,
): Promise<CaseResult[]> {
  const report = await grade(
    { name, ...submission },
    {
      only: [...only],
      reference,
      jobs,
      limits: DEFAULT_LIMITS,
    },
  );
  return report.results;
}

/**
 * Runs one case once, with the reference at the other end where the case takes a partner. Unlike
 * grade() it does not run what has failed once more.
 */
export async function runOnce(
  name: string,
  submission: Prepared,
  reference: { server: string; client: string },
): Promise<{ verdict: Verdict; explanation: string }> {
  const one = CASES.find((other) => other.name === name);
  if (one === undefined) return { verdict: 'error', explanation: `there is no case ${name}` };
  const partner = {
    name: 'reference',
    owner: "the reference's",
    server: serverTemplate(reference.server),
    client: clientTemplate(reference.client),
    directory: ROOT,
  };
  const trial = new Trial({
    submission: { name, ...submission },
    limits: DEFAULT_LIMITS,
    side: one.side,
    partner: one.partners ? partner : null,
  });
  try {
    await one.run(trial);
    return { verdict: 'passed', explanation: '' };
  } catch (caught) {
    const error = await trial.explained(caught);
    const verdict = error instanceof CaseFailure ? 'failed' : 'error';
    return { verdict, explanation: (error as Error).message };
  } finally {
    await trial.close();
  }
}

/** Does the work for each item, so many at the same time; gives the results in the items' order. */
export async function pool<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
