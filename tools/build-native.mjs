// Builds build/Release/sockkit.node from native/: by node-gyp, or where python3 or make is missing,
// as the package is built where it is installed, by native/build.mjs.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildAddon } from '../native/build.mjs';
import { nodeDir } from './headers.mjs';
import { bin, isMain, must, root, say, seconds, works } from './run.mjs';
import { digest, isCurrent, mark } from './stamp.mjs';

const OUTPUT = 'build/Release/sockkit.node';
const STAMP = 'build/Release/sockkit.stamp';

export async function buildNative() {
  const wanted = digest(
    ['native/sys', 'native/server', 'native/napi', 'native/generated', 'native/sources.gypi'],
    process.platform,
    process.arch,
    readFileSync(join(root, 'binding.gyp'), 'utf8'),
    readFileSync(bin('node-addon-api/package.json'), 'utf8'),
  );
  if (isCurrent(STAMP, OUTPUT, wanted)) return;
  const start = performance.now();
  const gyp = works('python3', ['-c', 'import json']) && works('make');
  await (gyp ? buildByGyp() : buildAddon());
  mark(STAMP, wanted);
  say(`built ${OUTPUT}${gyp ? '' : ' (without node-gyp: no python3 or make)'}, ${seconds(start)}`);
}

async function buildByGyp() {
  // npm's own settings for a node to build against, if any, would win over --nodedir.
  const settings = /^npm_config_(nodedir|target|devdir|disturl)$/i;
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !settings.test(name))),
    JOBS: String(availableParallelism()),
  };
  const args = [bin('node-gyp/bin/node-gyp.js'), 'configure', 'build', `--nodedir=${nodeDir()}`];
  await must('the native build', process.execPath, args, { env });
}

if (isMain(import.meta.url)) await buildNative();
