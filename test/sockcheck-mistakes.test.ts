// Wrong programs: each is a right one with one mistake, in a patch of ten lines at most, and each is
// caught by the case that is meant for it. Only that case is run here, once; the whole matrix, and
// the right programs through every case, are in test/long.
import * as path from 'node:path';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { compileReference, pool, runOnce } from './helpers/grading.js';
import { CASES, type CaseResult } from './helpers/inside-check.js';
import { changedLines, mistakes, prepare, type Mistake } from './helpers/submissions.js';

/** Most of the time a case waits for something not to happen, so more than there are cores. */
const AT_ONCE = 4;

const all = mistakes();
type Outcome = Pick<CaseResult, 'verdict' | 'explanation'>;
const outcomes = new Map<string, Outcome>();
/** The right program of a mistake in the same case; by program and case. */
const twins = new Map<string, Outcome>();
const twinOf = ({ base, case: meant }: Mistake) => `${base} ${meant}`;

beforeAll(async () => {
  const folder = temporaryFolder();
  const reference = compileReference(folder);
  const wrong = all.map((mistake) => async () => {
    const program = prepare(mistake.base, path.join(folder, mistake.name), mistake.name);
    outcomes.set(mistake.name, await runOnce(mistake.case, program, reference));
  });
  const right = [...new Map(all.map((mistake) => [twinOf(mistake), mistake]))].map(
    ([twin, { base, case: meant }], index) =>
      async () => {
        const program = prepare(base, path.join(folder, `right-${index}`));
        twins.set(twin, await runOnce(meant, program, reference));
      },
  );
  await pool([...wrong, ...right], AT_ONCE, (work) => work());
}, 600_000);

afterAll(() => {
  console.log(table());
  removeFiles();
});

/** What each case has caught, as far as it is meant for it. */
function table(): string {
  const rows = all.map(({ name, language, side, mistake, case: meant }) => [
    outcomes.get(name)?.verdict === 'failed' ? 'caught by' : 'MISSED BY',
    meant,
    `${language} ${side}`,
    mistake,
  ]);
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

test('there are many, in three languages, of both sides', () => {
  expect(all.length).toBeGreaterThanOrEqual(36);
  const count = (of: (mistake: Mistake) => unknown) => new Set(all.map(of)).size;
  expect(count(({ language }) => language)).toBe(3);
  expect(count(({ side }) => side)).toBe(2);
  expect(count(({ name }) => name)).toBe(all.length);
});

test.each(all.map((mistake) => [mistake.name, mistake] as const))('%s', (name, mistake) => {
  expect(CASES.map((one) => one.name)).toContain(mistake.case);
  expect(changedLines(name)).toBeLessThanOrEqual(10);
  const outcome = outcomes.get(name);
  expect(outcome).toMatchObject({ verdict: 'failed' });
  expect(outcome?.explanation).toMatch(new RegExp(mistake.says));
  expect(twins.get(twinOf(mistake))).toEqual({ verdict: 'passed', explanation: '' });
});
