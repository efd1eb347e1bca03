// Clients of every kind against a server that is disturbed, ended and started again, for 30 s:
// whatever was acknowledged is printed whole, and once. For longer: npm run chaos -- --seconds 600
import * as path from 'node:path';
import { start, stopAll } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');

afterEach(stopAll);

test('30 s of chaos: every acknowledged message is printed whole, and once', async () => {
  const args = ['tools/chaos.mjs', '--seconds', '30', '--seed', '1', '--clients', '120'];
  const { code, stdout, stderr } = await start(process.execPath, args, { cwd: ROOT }).finished;
  const said = stdout.toString();
  expect(stderr).toBe('');
  expect(said).not.toContain('PROBLEM');
  expect(said).toMatch(/[1-9]\d* messages acknowledged, .* 0 problems \(seed 1\)/);
  expect(code).toBe(0);
}, 300_000);

test('the oracle finds what is missing, doubled, torn or mixed', async () => {
  const script = `
    import { Oracle, body, header } from './tools/chaos/messages.mjs';
    const message = (number, length) => Buffer.concat([header(number, length), ...body(number, length)]);
    const judge = (...pieces) => {
      const oracle = new Oracle();
      for (const piece of pieces) oracle.push(piece);
      oracle.end();
      return [[...oracle.whole], [...oracle.parts], oracle.problems.length];
    };
    const [one, two] = [message(1, 5000), message(2, 2000000)];
    const torn = Buffer.from(two);
    torn[1500000] ^= 0x40;
    console.log(JSON.stringify([
      judge(one, two),
      judge(one, two, one),
      judge(one.subarray(0, 4000), two),
      judge(one.subarray(0, 30), two),
      judge(one.subarray(0, 4000), two.subarray(0, 100000), one.subarray(4000), two.subarray(100000)),
      judge(torn),
      judge(one.subarray(100)),
    ]));`;
  const args = ['--input-type=module', '-e', script];
  const { stdout, stderr } = await start(process.execPath, args, { cwd: ROOT }).finished;
  expect(stderr).toBe('');
  expect(JSON.parse(stdout.toString())).toEqual([
    [[[1, 1], [2, 1]], [], 0], // prettier-ignore
    [[[1, 2], [2, 1]], [], 0], // prettier-ignore
    [[[2, 1]], [1], 0],
    [[[2, 1]], [], 0],
    [[], [1], 1],
    [[], [], 1],
    [[], [], 1],
  ]);
});
