// clang-tidy over the C and C++ sources that CMake knows, except the tests, several at a time. A file
// that passed is not looked at again until it, a header or the configuration changes.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { configure } from './ctest.mjs';
import { root, run, works } from './run.mjs';
import { digest, filesBelow, isCurrent, mark } from './stamp.mjs';

/** Resolves to { ok, output, reason? }. */
export async function clangTidy() {
  if (!works('clang-tidy')) return { ok: true, output: '', reason: 'no clang-tidy' };
  const configured = await configure('plain');
  if (configured.reason) return { ok: true, output: '', reason: configured.reason };
  if (!configured.ok) return configured;
  const { folder } = configured;
  const commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'));
  const files = new Set(commands.map(({ file }) => relative(root, file)));
  const waiting = [...files].filter((file) => !file.startsWith('native/test/')).sort();
  const shared = digest([
    '.clang-tidy',
    'CMakeLists.txt',
    ...filesBelow(['native', 'bench', 'reference']).filter((path) => /\.(h|gypi)$/.test(path)),
  ]);
  let output = '';
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const stamp = join(folder, 'clang-tidy', `${file.replaceAll('/', '-')}.stamp`);
      const wanted = digest([file], shared);
      if (isCurrent(stamp, file, wanted)) continue;
      // The C programs show what is usual in C: exit() and strerror(), on their main thread, atoi(),
      // and a descriptor handed to a thread as a pointer.
      const usual = '-concurrency-mt-unsafe,-cert-err34-c,-performance-no-int-to-ptr';
      const checks = file.endsWith('.c') ? [`--checks=${usual}`] : [];
      const result = await run('clang-tidy', ['--quiet', '-p', folder, ...checks, file]);
      if (result.ok) mark(stamp, wanted);
      else output += result.output.replace(/^\d+ warnings? generated\.\n/gm, '');
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return { ok: output === '', output };
}
