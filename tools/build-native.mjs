// Builds build/Release/sockkit.node from native/: by node-gyp, or where python3 or make is missing,
// by calling the compiler for each source in native/sources.gypi.
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { headers, nodeDir } from './headers.mjs';
import { bin, isMain, must, root, say, seconds, works } from './run.mjs';
import { digest, isCurrent, mark } from './stamp.mjs';

const OUTPUT = 'build/Release/sockkit.node';
const STAMP = 'build/Release/sockkit.stamp';

export function sources() {
  return JSON.parse(readFileSync(join(root, 'native/sources.gypi'), 'utf8')).variables;
}

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
  await (gyp ? buildByGyp() : buildByCompiler());
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

async function buildByCompiler() {
  const list = sources();
  const compiler = process.env.CXX ?? 'c++';
  const objects = join(root, 'build/Release/obj');
  mkdirSync(objects, { recursive: true });
  const flags = [
    ...list.sockkit_cflags,
    ...list.sockkit_defines.map((name) => `-D${name}`),
    '-DNODE_GYP_MODULE_NAME=sockkit',
    '-DBUILDING_NODE_EXTENSION',
    '-fPIC',
    `-I${root}`,
    `-I${bin('node-addon-api')}`,
    `-I${headers()}`,
  ];
  const waiting = [...list.sockkit_sys, ...list.sockkit_server, ...list.sockkit_napi].map(
    (source) => [source, join(objects, `${source.replaceAll('/', '-')}.o`)],
  );
  const all = waiting.map(([, object]) => object);
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [source, object] = next;
      await must(`compiling ${source}`, compiler, [...flags, '-c', source, '-o', object]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const shared =
    process.platform === 'darwin'
      ? ['-bundle', '-undefined', 'dynamic_lookup']
      : ['-shared', ...list.sockkit_ldflags];
  await must('linking', compiler, [...shared, ...all, '-o', join(root, OUTPUT)]);
}

if (isMain(import.meta.url)) await buildNative();
