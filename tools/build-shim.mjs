// Builds build/Release/sockcheck-shim.so, which sockcheck loads before the programs that it grades,
// from native/shim. There is none where that cannot be done (other systems, no C compiler), and
// sockcheck then says so.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMain, must, onPath, root, say, seconds } from './run.mjs';
import { digest, isCurrent, mark } from './stamp.mjs';

const OUTPUT = 'build/Release/sockcheck-shim.so';
const STAMP = 'build/Release/sockcheck-shim.stamp';

const compiler = () => process.env.CC ?? 'cc';

function canBuildShim() {
  return process.platform === 'linux' && onPath(compiler().split(' ')[0]);
}

/** Compiles it into the file, with these flags besides its own. */
export async function compileShim(output, { cc = compiler(), more = ['-ldl'] } = {}) {
  const list = JSON.parse(readFileSync(join(root, 'native/sources.gypi'), 'utf8')).variables;
  const [program, ...flags] = cc.split(' ');
  mkdirSync(dirname(output), { recursive: true });
  await must('the build of the shim', program, [
    ...flags,
    ...list.sockkit_shim_cflags,
    ...['-fPIC', '-shared', '-Wl,-z,relro,-z,now', '-Wl,-z,noexecstack', `-I${root}`],
    ...['-o', output],
    ...list.sockkit_shim.map((source) => join(root, source)),
    ...more,
  ]);
}

export async function buildShim() {
  if (!canBuildShim()) return;
  const wanted = digest(['native/shim', 'native/sources.gypi'], process.arch, compiler());
  if (isCurrent(STAMP, OUTPUT, wanted)) return;
  const start = performance.now();
  await compileShim(join(root, OUTPUT));
  mark(STAMP, wanted);
  say(`built ${OUTPUT}, ${seconds(start)}`);
}

if (isMain(import.meta.url)) await buildShim();
