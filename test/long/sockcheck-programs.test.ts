// Right programs pass every case again and again, on a busy machine too; wrong ones are caught, and
// the table of mistakes against cases is printed. ROUNDS says how often.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { removeFiles, temporaryFolder } from '../helpers/files.js';
import { compileReference, gradeCases, pool } from '../helpers/grading.js';
import { CASES, type CaseResult } from '../helpers/inside-check.js';
import { start, stopAll } from '../helpers/run.js';
import { mistakes, prepare, rightPairs } from '../helpers/submissions.js';

const ROUNDS = Number(process.env.ROUNDS ?? 20);
const HOURS = 3_600_000;
const isFine = ({ verdict }: CaseResult) => verdict === 'passed' || verdict === 'skipped';

let folder: string;
let reference: { server: string; client: string };

beforeAll(() => {
  folder = temporaryFolder();
  reference = compileReference(folder);
});

afterEach(stopAll);
afterAll(removeFiles);

/** Keeps every core busy until stopAll(). */
function keepBusy(): void {
  const nowhere = fs.openSync('/dev/null', 'w');
  for (let core = 0; core < os.availableParallelism(); core++)
    start('yes', [], { stdout: nowhere });
  fs.closeSync(nowhere);
}

test.each(rightPairs().map((pair) => [pair.name, pair] as const))(
  'a right pair passes every case, every time: %s',
  async (name, { server, client }) => {
    const pair = path.join(folder, name.replace(/\W+/g, '-'));
    const submission = { ...prepare(server, pair), ...prepare(client, pair) };
    for (let round = 0; round < ROUNDS; round++) {
      // The second half on a busy machine.
      if (round === Math.ceil(ROUNDS / 2)) keepBusy();
      const results = await gradeCases(name, submission, reference, ['*'], 2);
      const wrong = results.filter((result) => !isFine(result));
      expect(
        wrong.map(({ name: of, verdict, explanation }) => [round, of, verdict, explanation]),
      ).toEqual([]);
    }
  },
  4 * HOURS,
);

test(
  'every mistake against every case',
  async () => {
    const all = mistakes();
    const caught = await pool(all, 2, async (mistake) => {
      const program = prepare(mistake.base, path.join(folder, mistake.name), mistake.name);
      const results = await gradeCases(mistake.name, program, reference, [`${mistake.side}-*`]);
      const failed = results.filter(({ verdict }) => verdict === 'failed' || verdict === 'flaky');
      const errors = results.filter(({ verdict }) => verdict === 'error');
      expect(errors.map(({ explanation }) => [mistake.name, explanation])).toEqual([]);
      return new Set(failed.map(({ name }) => name));
    });
    const cases = CASES.map(({ name }) => name).filter((name) => caught.some((of) => of.has(name)));
    const width = Math.max(...all.map(({ name }) => name.length));
    const rows = all.map(({ name }, row) => {
      const marks = cases.map((one) => (caught[row]?.has(one) === true ? 'x' : '.'));
      return `${name.padEnd(width)}  ${marks.join(' ')}`;
    });
    const heads = cases.map((name, column) => `${' '.repeat(width + 2 + 2 * column)}${name}`);
    console.log([...heads, ...rows].join('\n'));
    for (const [row, mistake] of all.entries()) {
      expect([mistake.name, caught[row]?.has(mistake.case)]).toEqual([mistake.name, true]);
    }
  },
  4 * HOURS,
);
