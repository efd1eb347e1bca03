// The programs that test native/ without Node: configured and built by CMake, run by ctest.
//   node tools/ctest.mjs [plain | asan | tsan]
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bin, isMain, root, run, say, works } from './run.mjs';

const KINDS = {
  plain: { folder: 'build-test', sanitize: '' },
  asan: { folder: 'build-asan', sanitize: 'address,undefined' },
  tsan: { folder: 'build-tsan', sanitize: 'thread' },
};

/** Configures the folder of this kind; resolves to its path, or to { reason } where that fails. */
export async function configure(kind) {
  if (!works('cmake')) return { reason: 'no cmake' };
  if (!works('make') && !works('ninja')) return { reason: 'no make' };
  const { folder, sanitize } = KINDS[kind];
  const configured = await run('cmake', [
    ...['-S', root, '-B', join(root, folder), `-DSANITIZE=${sanitize}`],
    `-DNODE_EXECUTABLE=${process.execPath}`,
    `-DNODE_API_HEADERS=${bin('node-api-headers/include')}`,
  ]);
  return { ...configured, folder: join(root, folder) };
}

/** Resolves to { ok, output, passed, failed, reason? }; `reason` where nothing could be run. */
export async function ctest(kind) {
  const none = { passed: 0, failed: 0 };
  const configured = await configure(kind);
  if (configured.reason) return { ...none, ok: true, output: '', reason: configured.reason };
  const jobs = String(availableParallelism());
  const built = configured.ok
    ? await run('cmake', ['--build', configured.folder, '-j', jobs])
    : configured;
  if (!built.ok) return { ...none, ok: false, failed: 1, output: built.output };
  // One by one: some of them are about who waits how long, and load both cores.
  const options = ['--output-on-failure', '--no-tests=error'];
  const tested = await run('ctest', ['--test-dir', configured.folder, ...options]);
  const counts = /(\d+) tests failed out of (\d+)/.exec(tested.output);
  const failed = Number(counts?.[1] ?? 1);
  return { ...tested, failed, passed: Number(counts?.[2] ?? failed) - failed };
}

if (isMain(import.meta.url)) {
  const kind = process.argv[2] ?? 'plain';
  if (!(kind in KINDS)) {
    process.stderr.write(`usage: node tools/ctest.mjs [${Object.keys(KINDS).join(' | ')}]\n`);
    process.exit(2);
  }
  const result = await ctest(kind);
  process.stdout.write(result.output);
  if (result.reason) say(`ctest is skipped: ${result.reason}`);
  process.exitCode = result.ok ? 0 : 1;
}
