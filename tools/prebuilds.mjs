// npm run prebuilds: the binaries that the published package carries, by prebuildify, into
// prebuilds/ or below the folder that is given. The build runs in a copy of the sources, so that
// build/ stays what the tests are using.
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nodeDir } from './headers.mjs';
import { bin, must, onPath, root, say } from './run.mjs';

// The libraries of the oldest systems that the supported Node versions run on.
const FLOOR = { GLIBC: '2.28', GLIBCXX: '3.4.25' };

const out = resolve(process.argv[2] ?? root);
const stage = mkdtempSync(join(tmpdir(), 'sockkit-prebuilds-'));
process.on('exit', () => rmSync(stage, { recursive: true, force: true }));
for (const name of ['package.json', 'binding.gyp', 'native']) {
  cpSync(join(root, name), join(stage, name), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(stage, 'node_modules'));

const flags = glibc() ? ['-include', join(root, 'tools/glibc-floor.h')] : [];
await must(
  'prebuildify',
  process.execPath,
  [
    bin('prebuildify/bin.js'),
    ...['--napi', '--strip', '--tag-libc'],
    ...['-t', process.versions.node, '--cwd', stage, '--out', stage],
  ],
  {
    env: {
      ...process.env,
      npm_config_nodedir: nodeDir(),
      CXXFLAGS: [process.env.CXXFLAGS, ...flags].filter(Boolean).join(' '),
    },
  },
);
cpSync(join(stage, 'prebuilds'), join(out, 'prebuilds'), { recursive: true });
const folder = join(out, 'prebuilds', `${process.platform}-${process.arch}`);
for (const name of readdirSync(folder)) await checkFloor(join(folder, name));

function glibc() {
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

/** Fails where the binary asks for newer system libraries than Node itself does. */
async function checkFloor(file) {
  if (!glibc() || !onPath('objdump') || !existsSync(file)) return;
  const symbols = await must('objdump', 'objdump', ['-T', file]);
  const highest = {};
  for (const [, name, version] of symbols.matchAll(/\b(GLIBC|GLIBCXX)_([\d.]+)/g)) {
    highest[name] ??= version;
    if (newer(version, highest[name])) highest[name] = version;
  }
  const needs = Object.entries(highest).map(([name, version]) => `${name} ${version}`);
  say(`${file}: needs ${needs.join(', ')}`);
  for (const [name, version] of Object.entries(highest)) {
    if (!newer(version, FLOOR[name])) continue;
    process.stderr.write(`sockkit: ${name} ${version} is above the floor, ${FLOOR[name]}\n`);
    process.exit(1);
  }
}

function newer(a, b) {
  return a.localeCompare(b, 'en', { numeric: true }) > 0;
}
