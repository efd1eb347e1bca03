// npm run prebuilds: the binaries that the published package carries, all made on one machine by
// prebuildify, into prebuilds/ or below the folder that is given. Those of another processor are
// made by Debian's cross compiler; without one they are left out, which is said.
//   node tools/prebuilds.mjs [--arch x64 | arm64]... [FOLDER]
// With --arch, just these, and it is an error where one cannot be made.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compileShim } from './build-shim.mjs';
import { nodeDir } from './headers.mjs';
import { bin, isMain, must, onPath, root, say } from './run.mjs';
import { digest, mark } from './stamp.mjs';

// The libraries of the oldest systems that the supported Node versions run on.
const FLOOR = { GLIBC: '2.28', GLIBCXX: '3.4.25' };

/** `machine` is the ELF header's number of the processor. */
export const TARGETS = {
  x64: { cross: 'x86_64-linux-gnu-', debian: 'g++-x86-64-linux-gnu', machine: 62 },
  arm64: { cross: 'aarch64-linux-gnu-', debian: 'g++-aarch64-linux-gnu', machine: 183 },
};

/** The prefix of the tools that make binaries for this processor; null where there are none. */
export function toolPrefix(arch) {
  if (arch === process.arch) return '';
  const cross = process.platform === 'linux' ? TARGETS[arch].cross : null;
  return cross !== null && onPath(`${cross}g++`) ? cross : null;
}

async function build(arch, out) {
  const prefix = toolPrefix(arch);
  const stage = mkdtempSync(join(tmpdir(), 'sockkit-prebuilds-'));
  try {
    // In a copy of the sources, so that build/ stays what the tests are using.
    for (const name of ['package.json', 'binding.gyp', 'native']) {
      cpSync(join(root, name), join(stage, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(stage, 'node_modules'));
    const floor =
      process.platform === 'linux' ? ['-include', join(root, 'tools/glibc-floor.h')] : [];
    const tools = prefix === '' ? {} : { CC: `${prefix}gcc`, CXX: `${prefix}g++` };
    const args = [
      ...[bin('prebuildify/bin.js'), '--napi', '--strip', '--tag-libc', '--arch', arch],
      ...['--strip-bin', `${prefix}strip`, '-t', process.versions.node],
      ...['--cwd', stage, '--out', stage],
    ];
    const env = {
      ...process.env,
      ...tools,
      npm_config_nodedir: nodeDir(),
      CXXFLAGS: [process.env.CXXFLAGS, ...floor].filter(Boolean).join(' '),
    };
    await must(`prebuildify for ${arch}`, process.execPath, args, { env });
    const folder = `prebuilds/${process.platform}-${arch}`;
    if (process.platform === 'linux') {
      await prebuildShim(join(stage, folder, 'sockcheck-shim.glibc.so'), tools.CC, floor);
    }
    mkdirSync(join(out, folder), { recursive: true });
    for (const name of readdirSync(join(stage, folder))) {
      await check(join(stage, folder, name), arch, prefix);
      cpSync(join(stage, folder, name), join(out, folder, name));
      say(`${folder}/${name}`);
    }
    mark(join(out, folder, '.stamp'), nativeDigest());
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The library that sockcheck preloads. Before glibc 2.34, dlsym was in a library of its own. */
async function prebuildShim(file, cc, floor) {
  const more = [...floor, '-Wl,--no-as-needed', '-l:libdl.so.2', '-Wl,--strip-all'];
  await compileShim(file, { cc, more });
}

/** Of all that a binary is made from, so that a release does not carry one of other sources. */
export function nativeDigest() {
  return digest([
    ...[
      'native/sys',
      'native/server',
      'native/napi',
      'native/generated',
      'native/shim',
      'native/sources.gypi',
    ],
    ...['binding.gyp', 'tools/glibc-floor.h'],
  ]);
}

async function check(file, arch, prefix) {
  if (process.platform !== 'linux') return;
  const machine = machineOf(file);
  if (machine !== TARGETS[arch].machine) fail(`${file} is for another machine, ${machine}`);
  const needs = await newestSymbols(file, prefix);
  if (needs === null) return;
  say(`${arch} needs ${[...needs].map(([name, version]) => `${name} ${version}`).join(', ')}`);
  for (const [name, version] of needs) {
    if (isNewer(version, FLOOR[name]))
      fail(`${name} ${version} is above the floor, ${FLOOR[name]}`);
  }
}

/** The processor that an ELF file is for; null where it is no ELF file. */
export function machineOf(file) {
  const head = readFileSync(file).subarray(0, 20);
  return head.subarray(0, 4).toString('latin1') === '\x7fELF' ? head.readUInt16LE(18) : null;
}

/** For each library the newest version of a symbol that the binary asks for; null without objdump. */
async function newestSymbols(file, prefix) {
  const objdump = `${prefix}objdump`;
  if (!onPath(objdump)) return null;
  const newest = new Map();
  const symbols = await must(objdump, objdump, ['-T', file]);
  for (const [, name, version] of symbols.matchAll(/\b(GLIBC|GLIBCXX)_([\d.]+)/g)) {
    if (!newest.has(name) || isNewer(version, newest.get(name))) newest.set(name, version);
  }
  return newest;
}

function isNewer(a, b) {
  return a.localeCompare(b, 'en', { numeric: true }) > 0;
}

function fail(text) {
  throw new Error(text);
}

if (isMain(import.meta.url)) {
  const { values, positionals } = parseArgs({
    options: { arch: { type: 'string', multiple: true } },
    allowPositionals: true,
  });
  const wanted =
    values.arch ?? (process.platform === 'linux' ? Object.keys(TARGETS) : [process.arch]);
  const out = resolve(positionals[0] ?? root);
  try {
    for (const arch of wanted) {
      if (!(arch in TARGETS)) fail(`--arch is ${Object.keys(TARGETS).join(' or ')}, not ${arch}`);
      if (toolPrefix(arch) !== null) await build(arch, out);
      else if (values.arch === undefined) say(`${arch} is left out: no ${TARGETS[arch].cross}g++`);
      else fail(`no ${TARGETS[arch].cross}g++; Debian: apt-get install ${TARGETS[arch].debian}`);
    }
  } catch (error) {
    process.stderr.write(`sockkit: ${error.message}\n`);
    process.exitCode = 1;
  }
}
