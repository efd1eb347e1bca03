// npm run build: the library's TypeScript into dist/lib, one file of each command into dist/bin, and
// the addon and the shim into build/Release.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildNative } from './build-native.mjs';
import { buildShim } from './build-shim.mjs';
import { bin, isMain, must, root, say, seconds } from './run.mjs';
import { digest, isCurrent, mark } from './stamp.mjs';

const STAMP = 'dist/.stamp';

export async function buildTypeScript() {
  const inputs = ['lib', 'bin', 'tsconfig.json', 'package.json', 'package-lock.json'];
  const wanted = digest([...inputs, 'tools/bundle.mjs', 'tools/manual.mjs']);
  if (isCurrent(STAMP, 'dist/lib/index.js', wanted)) return;
  const start = performance.now();
  await must('tsc', process.execPath, [bin('typescript/bin/tsc'), '-p', 'tsconfig.json']);
  removeOrphans('dist/lib');
  const { bundle } = await import('./bundle.mjs');
  await bundle();
  for (const folder of ['dist/man', 'dist/completions']) {
    rmSync(join(root, folder), { recursive: true, force: true });
  }
  mark(STAMP, wanted);
  say(`built dist/, ${seconds(start)}`);
}

/** What is left in dist/ of a source that is there no more would be packed and loaded. */
function removeOrphans(folder) {
  for (const name of readdirSync(join(root, folder))) {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) {
      removeOrphans(path);
      continue;
    }
    const source = path.replace(/^dist\//, '').replace(/(\.d)?\.(m?)[jt]s$/, '.$2ts');
    if (![source, `${source}x`].some((file) => existsSync(join(root, file))))
      rmSync(join(root, path));
  }
}

export async function build() {
  await buildTypeScript();
  await buildNative();
  await buildShim();
  const { manualsExist, writeManuals } = await import('./manual.mjs');
  if (!manualsExist()) writeManuals();
}

if (isMain(import.meta.url)) await build();
