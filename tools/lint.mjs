// npm run lint: everything that is checked without running the package.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { checkDependencies } from './check-dependencies.mjs';
import { checkMusl } from './check-musl.mjs';
import { checkWorkflows } from './check-workflows.mjs';
import { clangTidy } from './clang-tidy.mjs';
import { bin, isMain, root, run, seconds } from './run.mjs';
import { filesBelow } from './stamp.mjs';

const node = (path, ...args) => run(process.execPath, [bin(path), ...args]);

/** All C and C++ files of the repository. */
export function nativeFiles() {
  const folders = ['native', 'bench', 'reference', 'test', 'tools'];
  return filesBelow(folders).filter((path) => /\.(c|cc|h)$/.test(path));
}

const clangFormat = () => node('clang-format/index.js', '--dry-run', '--Werror', ...nativeFiles());

const CHECKS = {
  'generated constants': () =>
    run(process.execPath, [join(root, 'tools/gen-constants.mjs'), '--check']),
  'generated docs': () => run(process.execPath, [join(root, 'tools/gen-options.mjs'), '--check']),
  prettier: () => node('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  eslint: () => node('eslint/bin/eslint.js', '--max-warnings=0', '.'),
  // Each export documented, each link to something that is there; npm run docs writes the pages.
  docs: () => node('typedoc/bin/typedoc', '--emit', 'none', '--logLevel', 'Warn'),
  tsc: () => node('typescript/bin/tsc', '-p', 'tsconfig.test.json'),
  'clang-format': clangFormat,
  'clang-tidy': clangTidy,
  'headers of musl': checkMusl,
  dependencies: checkDependencies,
  workflows: checkWorkflows,
};

/** Runs all checks, prints a line for each, and resolves to { passed, failed, skipped }. */
export async function lint() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const waiting = Object.entries(CHECKS);
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      report(next[0], performance.now(), await next[1](), counts);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
  return counts;
}

export function report(name, start, { ok, output, reason }, counts) {
  const word = reason ? 'skipped' : ok ? 'passed' : 'failed';
  counts[word] += 1;
  const shown = { skipped: 'skip', passed: 'ok  ', failed: 'FAIL' }[word];
  process.stdout.write(`${shown} ${name}${reason ? `: ${reason}` : ''} (${seconds(start)})\n`);
  if (!ok) process.stdout.write(output);
}

if (isMain(import.meta.url)) {
  const { failed } = await lint();
  process.exitCode = failed === 0 ? 0 : 1;
}
