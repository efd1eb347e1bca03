// README's table of runtimes, and one row of it tried out.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { run } from './run.js';

const ROOT = path.resolve(__dirname, '../..');

export type Row = [name: string, cells: string[]];

/** Whether the runtimes can be started here; says so where not. */
export const runtimesHere = process.platform === 'linux' && process.arch === 'x64';
if (!runtimesHere) console.warn('skipped: the runtimes are those for Linux on x64');

/** Under qemu, which takes minutes where both cores are busy. */
export const isEmulated = ([name]: Row): boolean => name.includes('arm64');

/** The rows of the table: a runtime's name, and what works in it. */
export function table(): Row[] {
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

/** Runs the probes and the pair in the runtime, and expects what the row of README says. */
export async function expectRow(name: string, cells: string[]): Promise<void> {
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
}
