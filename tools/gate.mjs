// npm test: sets up what is missing, then checks and tests everything. Arguments, if any, go to
// jest, and then only jest runs: npm test -- test/sys.test.ts
// SOCKKIT_COUNTS names a file to which the counts are written as JSON.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, root, say, seconds } from './run.mjs';
import { setup } from './setup.mjs';

const start = performance.now();
const args = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };

function add(more) {
  for (const word of Object.keys(counts)) counts[word] += more[word] ?? 0;
}

async function programs() {
  const { ctest } = await import('./ctest.mjs');
  const from = performance.now();
  const { ok, output, reason, passed, failed } = await ctest('plain');
  add(reason ? { skipped: 1 } : { passed, failed });
  const shown = reason
    ? `skip ctest: ${reason}`
    : `${ok ? 'ok  ' : 'FAIL'} ctest: ${passed} passed`;
  process.stdout.write(`${shown} (${seconds(from)})\n`);
  if (!ok) process.stdout.write(output);
}

// What takes minutes; npm run test:long has it.
const LONG = 'test/long/';

async function jest(...options) {
  const folder = mkdtempSync(join(tmpdir(), 'sockkit-'));
  const file = join(folder, 'jest.json');
  const child = spawn(
    process.execPath,
    [bin('jest/bin/jest.js'), '--json', `--outputFile=${file}`, ...options],
    // With --json jest keeps stdout for itself; all that it says is on stderr.
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const code = await new Promise((done) => child.on('close', done));
  const before = counts.failed;
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    add({
      passed: report.numPassedTests,
      failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
      skipped: report.numPendingTests + report.numTodoTests,
    });
  } catch {
    // No report: the exit status tells.
  }
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0 && counts.failed === before) add({ failed: 1 });
}

await setup({ tests: true });
if (args.length > 0) {
  await jest(...args);
} else {
  const { lint } = await import('./lint.mjs');
  add(await lint());
  await programs();
  // Most tests wait for other programs, so two files at a time are worth it on two cores too.
  const workers = Math.min(4, Math.max(2, availableParallelism() - 1));
  await jest(`--maxWorkers=${workers}`, `--testPathIgnorePatterns=/${LONG}`);
}
const what = args.length === 0 ? 'checks, ctest programs and jest tests' : 'jest tests';
say(`${what}, in ${seconds(start)}:`);
process.stdout.write(
  `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`,
);
if (process.env.SOCKKIT_COUNTS) writeFileSync(process.env.SOCKKIT_COUNTS, JSON.stringify(counts));
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
