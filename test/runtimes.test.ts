// The programs of test/probes and the pair of commands, in each runtime of README's table, which has
// to tell what they show.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { run, stopAll } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');

const here = process.platform === 'linux' && process.arch === 'x64';
if (!here) console.warn('skipped: the runtimes are those for Linux on x64');

/** The rows of the table: a runtime's name, and what works in it. */
function table(): [name: string, cells: string[]][] {
  const text = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const [, lines = ''] = /<!-- runtimes:.* -->\n\n([^]*?)\n\n<!-- end -->/.exec(text) ?? [];
  return lines
    .split('\n')
    .slice(2)
    .map((line) => {
      const [name = '', ...cells] = line.split('|').slice(1, -1);
      return [name.trim(), cells.map((cell) => cell.trim())];
    });
}

afterEach(stopAll);

test('the table has what is promised', () => {
  const names = table().map(([name]) => name.replace(/ [\d.]+/, ''));
  expect(names).toEqual(['Node', 'Node', 'Node', 'Node', 'Node, arm64', 'Bun', 'Deno']);
});

(here ? test : test.skip).each(table())(
  '%s',
  async (name, cells) => {
    const args = [path.join(ROOT, 'tools/runtimes.mjs'), '--json', '--only', name];
    const { stdout, stderr } = await run(process.execPath, args, { cwd: ROOT });
    expect(stderr).toBe('');
    const [results] = Object.values(
      JSON.parse(stdout.toString()) as Record<string, Record<string, string>>,
    );
    if (results?.missing !== undefined) {
      console.warn(`skipped: ${name}: ${results.missing}`);
      return;
    }
    const said = Object.values(results ?? {});
    expect(said).toEqual(cells);
  },
  300_000,
);
