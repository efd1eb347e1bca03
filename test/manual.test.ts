// The manual pages and the completion in bash say what --help says.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { available } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');
const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  bin: Record<string, string>;
  man: string[];
};
const commands = Object.keys(manifest.bin);
const COMPLETIONS = path.join(ROOT, 'dist/completions/sockkit.bash');

/** The options that --help lists. */
function options(name: string): string[] {
  const file = path.join(ROOT, manifest.bin[name] ?? '');
  const help = execFileSync(process.execPath, [file, '--help'], { encoding: 'utf8' });
  return [...help.matchAll(/^ {2}(?:-\w,| {3}) (--[\w-]+)/gm)].map(([, option = '']) => option);
}

/** What bash offers at the end of this command line. */
function complete(...words: string[]): string[] {
  const script = `
    source "$1"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    "_$1"; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['-c', script, 'bash', COMPLETIONS, ...words], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return output.split('\n').filter((line) => line !== '');
}

test('each command has a page in the package', () => {
  expect(manifest.man).toEqual(commands.map((name) => `dist/man/${name}.1`));
});

describe.each(commands)('%s', (name) => {
  test('the page names every option, and troff has no complaint', () => {
    if (!available('groff')) return;
    const page = path.join(ROOT, `dist/man/${name}.1`);
    const text = execFileSync('groff', ['-man', '-ww', '-Tascii', '-P-cbou', page], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const option of options(name)) expect(text.replaceAll(/-\n\s+/g, '-')).toContain(option);
    expect(text).toMatch(/NAME\n/);
    expect(text).toContain('EXAMPLES');
  });

  test('bash offers every option', () => {
    const offered = complete(name, '--');
    expect(offered).toEqual(options(name));
    expect(complete(name, '--verb')).toEqual(['--verbose']);
  });
});

test('bash offers folders, and nothing where a number is due', () => {
  expect(complete('sockserve', '--spool-dir', 'nat')).toEqual(['native']);
  expect(complete('sockserve', '--backlog', '')).toEqual([]);
});
