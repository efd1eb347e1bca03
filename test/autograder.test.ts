// The Gradescope autograder as Gradescope runs it: source, submission and results in one folder.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { temporaryFolder, removeFiles } from './helpers/files.js';
import { available, commandFile, run, stopAll } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');

afterEach(async () => {
  await stopAll();
  removeFiles();
});

interface Results {
  score: number;
  output: string;
  tests?: { name: string; score: number; max_score: number; status: string; output: string }[];
}

const RIGHT = {
  'server.c': fs.readFileSync(path.join(ROOT, 'reference/server.c'), 'utf8'),
  'client.c': fs.readFileSync(path.join(ROOT, 'reference/client.c'), 'utf8'),
};

async function graded(files: Record<string, string>, env: Record<string, string> = {}) {
  const folder = temporaryFolder();
  fs.cpSync(path.join(ROOT, 'autograder'), path.join(folder, 'source'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'submission'));
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, 'submission', name), text);
  }
  const sockcheck = path.join(folder, 'sockcheck');
  const command = `#!/bin/sh\nexec '${process.execPath}' '${commandFile('sockcheck')}' "$@"\n`;
  fs.writeFileSync(sockcheck, command, { mode: 0o755 });
  const { code, stderr } = await run(path.join(folder, 'source/run_autograder'), [], {
    env: { AUTOGRADER: folder, SOCKCHECK: sockcheck, ONLY: 'server-short,client-short', ...env },
  });
  const file = path.join(folder, 'results/results.json');
  const results = fs.existsSync(file)
    ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Results)
    : null;
  return { code, stderr, results };
}

const withCompiler = available('gcc') ? test : test.skip;
if (!available('gcc')) console.warn('skipped: there is no gcc');

withCompiler('a right submission has all points', async () => {
  const { code, results } = await graded(RIGHT);
  expect(code).toBe(0);
  expect(results?.score).toBe(100);
  expect(results?.tests?.map(({ status }) => status)).not.toContain('failed');
  expect(results?.tests?.length).toBeGreaterThanOrEqual(3);
});

withCompiler('what does not compile is told why, and has no points', async () => {
  const { code, results } = await graded({ ...RIGHT, 'server.c': 'int main( {' });
  expect(code).toBe(0);
  expect(results?.score).toBe(0);
  expect(results?.output).toContain('It did not compile:');
});

test('a submission without programs is told what to hand in', async () => {
  const { code, results } = await graded({ 'notes.txt': 'x' });
  expect(code).toBe(0);
  expect(results?.score).toBe(0);
  expect(results?.output).toContain('server.c and client.c');
});

test('a grader that fails leaves no results', async () => {
  const { code, stderr, results } = await graded(
    { 'server.py': '', 'client.py': '' },
    { SOCKCHECK: '/nonexistent/sockcheck' },
  );
  expect(code).toBe(1);
  expect(stderr).toContain('run_autograder: sockcheck wrote no results (status 127)\n');
  expect(results).toBeNull();
});
