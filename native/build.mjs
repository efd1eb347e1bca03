// node native/build.mjs: compiles build/Release/sockkit.node from the sources beside it, with nothing
// but a C++17 compiler; also in the package as it is installed. CXX names another compiler.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const OUTPUT = join(root, 'build/Release/sockkit.node');

/** Something that the user can do something about. */
export class BuildError extends Error {}

/** What native/sources.gypi has: lists of sources and of flags. */
export function sources() {
  return JSON.parse(readFileSync(join(root, 'native/sources.gypi'), 'utf8')).variables;
}

/** The folder with node_api.h: beside the running node, else from the package node-api-headers. */
export function headers() {
  const beside = resolve(dirname(realpathSync(process.execPath)), '../include/node');
  return existsSync(join(beside, 'node_api.h'))
    ? beside
    : packageFolder('node-api-headers/include');
}

function packageFolder(path) {
  const [name, ...rest] = path.split('/');
  const { paths } = createRequire(join(root, 'package.json')).resolve;
  for (const folder of paths(name) ?? []) {
    const found = join(folder, name);
    if (existsSync(found)) return join(found, ...rest);
  }
  throw new BuildError(`the npm package ${name} is missing; install sockkit anew`);
}

/** The flags for every source, as node-gyp would give them. */
export function compileFlags() {
  const list = sources();
  const { sockkit_cflags: flags, sockkit_defines: defines } = list;
  const linux = process.platform === 'linux';
  return [
    ...flags,
    ...(linux ? list.sockkit_cflags_linux : []),
    ...(linux && process.arch === 'x64' ? list.sockkit_cflags_linux_x64 : []),
    ...[...defines, 'NODE_GYP_MODULE_NAME=sockkit', 'BUILDING_NODE_EXTENSION'].map(
      (it) => `-D${it}`,
    ),
    ...['-fPIC', `-I${root}`],
    ...['-isystem', packageFolder('node-addon-api'), '-isystem', headers()],
  ];
}

export function allSources() {
  const { sockkit_sys: sys, sockkit_server: server, sockkit_napi: napi } = sources();
  return [...sys, ...server, ...napi];
}

/** Calls `work` with each item, as many at a time as there are processors. */
export async function inParallel(items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** Builds the addon; resolves to its path. */
export async function buildAddon() {
  const compiler = process.env.CXX || 'c++';
  if (spawnSync(compiler, ['--version'], { stdio: 'ignore' }).error) {
    throw new BuildError(
      `no C++ compiler: there is no ${compiler}; install one (Debian, Ubuntu: apt-get install g++; ` +
        'Fedora: dnf install gcc-c++; Alpine: apk add g++; macOS: xcode-select --install)',
    );
  }
  const objects = workFolder();
  try {
    const flags = compileFlags();
    const made = [];
    await inParallel(allSources(), async (source) => {
      const object = join(objects, `${source.replaceAll('/', '-')}.o`);
      made.push(object);
      await must(compiler, [...flags, '-c', source, '-o', object]);
    });
    const shared =
      process.platform === 'darwin'
        ? ['-bundle', '-undefined', 'dynamic_lookup']
        : ['-shared', ...sources().sockkit_ldflags];
    // Made beside and then renamed: a program that is running keeps the one that it has loaded.
    const fresh = join(objects, 'sockkit.node');
    await must(compiler, [...shared, ...made.sort(), '-o', fresh]);
    await must(process.execPath, ['-e', `require(${JSON.stringify(fresh)})`]);
    renameSync(fresh, OUTPUT);
  } finally {
    rmSync(objects, { recursive: true, force: true });
  }
  return OUTPUT;
}

function workFolder() {
  try {
    mkdirSync(dirname(OUTPUT), { recursive: true });
    return mkdtempSync(join(dirname(OUTPUT), 'obj-'));
  } catch (error) {
    const who = 'do it as the user who installed the package';
    throw new BuildError(`${root} cannot be written (${error.code}); ${who}`);
  }
}

async function must(command, args) {
  const { code, output } = await new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', ({ message }) => done({ code: -1, output: message }));
    child.on('close', (code) => done({ code, output }));
  });
  if (code !== 0) throw new BuildError(`${[command, ...args].join(' ')}\n${output}`);
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  try {
    process.stdout.write(`sockkit: built ${await buildAddon()}\n`);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    process.stderr.write(`sockkit: ${error.message}\n`);
    process.exitCode = 1;
  }
}
