// clang-tidy over every C and C++ source that CMake knows, several at a time. A file that passed is
// not looked at again until it, a header or the configuration changes.
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
  const waiting = [...new Set(commands.map(({ file }) => relative(root, file)))].sort();
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
      // The C programs show what is usual in C: exit() and strerror(), on their main thread, and a
      // descriptor handed to a thread as a pointer.
      const checks = file.endsWith('.c')
        ? ['--checks=-concurrency-mt-unsafe,-performance-no-int-to-ptr']
        : [];
      const result = await run('clang-tidy', ['--quiet', '-p', folder, ...checks, file]);
      if (result.ok) mark(stamp, wanted);
      else output += result.output;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return { ok: output === '', output };
}
