// Compiles the sources, as far as to their syntax and types, with the headers of musl in place of
// glibc's: Debian's musl-tools, the headers of Linux, and those of g++'s own C++ library, which
// musl's users have too. Resolves what the checks of tools/lint.mjs resolve to.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allSources, compileFlags, inParallel } from '../native/build.mjs';
import { isMain, onPath, run } from './run.mjs';

/** What Debian's g++ takes for granted in its own headers, being configured for glibc. */
const PRELUDE = `
#define __GLIBC_PREREQ(major, minor) 0
#define __locale_t locale_t
#include <pthread.h>
extern "C" {
int pthread_cond_clockwait(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
int pthread_mutex_clocklock(pthread_mutex_t*, clockid_t, const struct timespec*);
}
`;

const TRIPLES = { x64: 'x86_64-linux', arm64: 'aarch64-linux' };

export async function checkMusl() {
  const triple = TRIPLES[process.arch];
  const musl = `/usr/include/${triple}-musl`;
  if (process.platform !== 'linux' || triple === undefined) {
    return { ok: true, output: '', reason: 'not on Linux on x64 or arm64' };
  }
  if (!existsSync(join(musl, 'features.h')) || !onPath('g++')) {
    return { ok: true, output: '', reason: 'no headers of musl (Debian: musl-dev), or no g++' };
  }
  const kernel = mkdtempSync(join(tmpdir(), 'sockkit-kernel-headers-'));
  try {
    for (const name of ['linux', 'asm-generic']) {
      symlinkSync(join('/usr/include', name), join(kernel, name));
    }
    symlinkSync(`/usr/include/${triple}-gnu/asm`, join(kernel, 'asm'));
    writeFileSync(join(kernel, 'prelude.h'), PRELUDE);
    const folders = [...cxxFolders(), musl, compilerFolder(), kernel];
    const flags = [
      ...['-nostdinc', '-fsyntax-only', '-Werror'],
      ...['-include', join(kernel, 'prelude.h')],
      ...folders.flatMap((folder) => ['-isystem', folder]),
      ...compileFlags(),
    ];
    let output = '';
    await inParallel(allSources(), async (source) => {
      const compiled = await run('g++', [...flags, source]);
      output += compiled.output;
    });
    return { ok: output === '', output };
  } finally {
    rmSync(kernel, { recursive: true, force: true });
  }
}

/** Where g++ looks, apart from the system's C headers. */
function cxxFolders() {
  const { stderr } = spawnSync('g++', ['-E', '-x', 'c++', '-v', '/dev/null', '-o', '/dev/null'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return stderr.split('\n').flatMap((line) => (/^ \/.*\/c\+\+\//.test(line) ? [line.trim()] : []));
}

/** stddef.h and its like, which are the compiler's own. */
function compilerFolder() {
  return spawnSync('g++', ['-print-file-name=include'], { encoding: 'utf8' }).stdout.trim();
}

if (isMain(import.meta.url)) {
  const { ok, output, reason } = await checkMusl();
  process.stdout.write(reason === undefined ? output : `skipped: ${reason}\n`);
  process.exitCode = ok ? 0 : 1;
}
