import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { expectHardened } from './helpers/elf.js';
import { bareEnvironment, linkPrograms } from './helpers/npm.js';
import { run, start, stopAll } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');
const NOT_COPIED = /^(node_modules|\.git|build|build-.*|prebuilds|coverage|site)$/;

let work: string;
let tarball: string;
let packed: string[];
let project: string;

/** Runs a program to its end and fails with what it said unless it exits 0. */
async function succeed(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, { cwd });
  if (code !== 0)
    throw new Error(`${file} ${args.join(' ')}: ${code}\n${stdout.toString()}\n${stderr}`);
  return stdout.toString();
}

/** A program in the project that the package is installed in, where nothing can be compiled. */
function bare(...args: string[]): string[] {
  return [...bareEnvironment(path.join(work, 'bin')), ...args];
}

function evaluate(script: string): Promise<string> {
  return succeed('env', bare('node', '-e', script), project);
}

beforeAll(async () => {
  work = fs.mkdtempSync(path.join(os.tmpdir(), 'sockkit-package-'));
  const tree = path.join(work, 'tree');
  for (const name of fs.readdirSync(ROOT)) {
    if (NOT_COPIED.test(name)) continue;
    fs.cpSync(path.join(ROOT, name), path.join(tree, name), { recursive: true });
  }
  await succeed(process.execPath, ['tools/prebuilds.mjs', '--arch', process.arch, tree], ROOT);
  const [{ filename, files }] = JSON.parse(await succeed('npm', ['pack', '--json'], tree)) as [
    { filename: string; files: { path: string }[] },
  ];
  tarball = path.join(tree, filename);
  packed = files.map((file) => file.path);

  linkPrograms(path.join(work, 'bin'), ['node', 'npm', 'npx', 'sh', 'env']);
  project = path.join(work, 'project');
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{"private":true}\n');
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await succeed('env', bare('npm', 'install', ...options, tarball), project);
}, 480_000);

afterEach(stopAll);

afterAll(() => {
  fs.rmSync(work, { recursive: true, force: true });
});

test('the binary in the tarball is protected', () => {
  if (process.platform !== 'linux') return;
  const isBinary = /^prebuilds\/[\w-]+\/sockkit\.\w+\.node$/;
  const here = `/${process.platform}-${process.arch}/`;
  const binaries = packed.filter((file) => isBinary.test(file) && file.includes(here));
  expect(binaries).toHaveLength(1);
  for (const file of binaries) expectHardened(path.join(work, 'tree', file));
});

test('the tarball holds what is needed', () => {
  const binary = `prebuilds/${process.platform}-${process.arch}/sockkit.`;
  expect(packed.filter((file) => file.startsWith(binary))).toHaveLength(1);
  const shim = `prebuilds/${process.platform}-${process.arch}/sockcheck-shim.`;
  const wanted = process.platform === 'linux' ? 1 : 0;
  expect(packed.filter((file) => file.startsWith(shim))).toHaveLength(wanted);
  expect(packed).toEqual(
    expect.arrayContaining([
      'CHANGELOG.md',
      'CMakeLists.txt',
      'LICENSE',
      'README.md',
      'dist/bin/sockcheck.js',
      'dist/bin/sockclient.js',
      'dist/bin/sockserve.js',
      'dist/bin/THIRD-PARTY-NOTICES',
      'dist/lib/index.d.mts',
      'dist/lib/index.d.ts',
      'dist/lib/index.js',
      'dist/lib/index.mjs',
      'dist/lib/sys.d.ts',
      'native/build.mjs',
      'native/sources.gypi',
      'native/sys/socket.cc',
      'package.json',
      'reference/client.c',
      'reference/server.c',
    ]),
  );
});

test('the tarball holds nothing else', () => {
  const wanted = [
    /^(CHANGELOG\.md|CMakeLists\.txt|LICENSE|README\.md|package\.json)$/,
    /^dist\/man\/\w+\.1$/,
    /^dist\/completions\/sockkit\.bash$/,
    /^dist\/bin\/([\w-]+\.js|THIRD-PARTY-NOTICES)$/,
    /^dist\/lib\/(?!cli\/|check\/)[\w/-]+\.(js|mjs|d\.ts|d\.mts)$/,
    /^native\/(sys|server|napi)\/\w+\.(cc|h)$/,
    /^reference\/(README\.md|(client|server)\.c)$/,
    /^native\/(build\.mjs|sources\.gypi|generated\/\w+\.inc)$/,
    /^native\/shim\/\w+\.(c|h)$/,
    /^prebuilds\/[\w-]+\/(sockkit\.\w+\.node|sockcheck-shim\.\w+\.so)$/,
  ];
  expect(packed.filter((file) => !wanted.some((pattern) => pattern.test(file)))).toEqual([]);
});

test('installing it runs no script', () => {
  const text = fs.readFileSync(path.join(project, 'node_modules/sockkit/package.json'), 'utf8');
  const { scripts, gypfile } = JSON.parse(text) as {
    scripts: Record<string, string>;
    gypfile: boolean;
  };
  expect(gypfile).toBe(false);
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare', 'prebuild']) {
    expect(scripts).not.toHaveProperty(name);
  }
});

test('no compiler can be found where it was installed', async () => {
  for (const program of ['cc', 'c++', 'g++', 'make', 'python3']) {
    const { code } = await run('env', bare('sh', '-c', `command -v ${program}`));
    expect([program, code]).not.toEqual([program, 0]);
  }
});

test('require() and import give the same things', async () => {
  const output = await evaluate(`
    Promise.all(['sockkit', 'sockkit/sys', 'sockkit/promises'].map(async (name) => {
      const required = require(name);
      const imported = await import(name);
      const keys = (face) => Object.keys(face).filter((key) => key !== 'default').sort();
      const same = keys(required).every((key) => imported[key] === required[key]);
      return { same, required: keys(required), imported: keys(imported) };
    })).then((faces) => console.log(JSON.stringify(faces)));
  `);
  const faces = JSON.parse(output) as { same: boolean; required: string[]; imported: string[] }[];
  for (const { same, required, imported } of faces) {
    expect(required.length).toBeGreaterThan(2);
    expect(imported).toEqual(required);
    expect(same).toBe(true);
  }
});

test('the binary inside the package is the one that is loaded', async () => {
  const output = await evaluate(`
    const { socket, getsockname, bind, close, constants } = require('sockkit/sys');
    const fd = socket(constants.AF_INET, constants.SOCK_STREAM);
    bind(fd, { address: '127.0.0.1', port: 0 });
    const { port, ...rest } = getsockname(fd);
    close(fd);
    const loaded = process.report.getReport().sharedObjects.filter((f) => f.endsWith('.node'));
    console.log(JSON.stringify({ port: port > 0, ...rest, loaded }));
  `);
  const { loaded, ...address } = JSON.parse(output) as { loaded: string[] };
  expect(address).toEqual({ address: '127.0.0.1', family: 'IPv4', port: true });
  expect(loaded).toHaveLength(1);
  expect(loaded[0]).toContain(path.join(project, 'node_modules/sockkit/prebuilds'));
});

test('both commands work', async () => {
  const message = Buffer.from('Go Tigers!\r\n\0\xff', 'latin1');
  const command = (name: string) => path.join(project, 'node_modules/.bin', name);
  const server = start('env', bare(command('sockserve'), '0'), { cwd: project });
  const [, port = ''] = await server.stderrMatch(/listening on .*port (\d+)/);
  const client = await run('env', bare(command('sockclient'), '127.0.0.1', port), {
    cwd: project,
    input: message,
  });
  expect(client).toMatchObject({ code: 0, stderr: '' });
  const { signal, stdout } = await server.kill();
  expect(signal).toBe('SIGTERM');
  expect(stdout).toEqual(message);
});

test('nothing is loaded of the packages that come along', () => {
  const folder = path.join(project, 'node_modules');
  const names = fs.readdirSync(folder).filter((name) => !name.startsWith('.'));
  // Headers, for whoever compiles the addon.
  expect(names.sort()).toEqual(['node-addon-api', 'node-api-headers', 'sockkit']);
  const texts = fs
    .readdirSync(path.join(folder, 'sockkit/dist'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => fs.readFileSync(path.join(folder, 'sockkit/dist', name), 'utf8'));
  expect(texts.filter((text) => /['"]node-a(ddon|pi)-/.test(text))).toEqual([]);
});

test('where no binary fits, the command that the error names builds one', async () => {
  const directory = path.join(work, 'building here');
  fs.cpSync(project, directory, { recursive: true });
  fs.rmSync(path.join(directory, 'node_modules/sockkit/prebuilds'), { recursive: true });
  const script = `
    try { console.log(require('sockkit/sys').constants.AF_INET); }
    catch ({ message }) { console.log(message); }`;
  const evaluateHere = async () =>
    (await run('env', bare('node', '-e', script), { cwd: directory })).stdout.toString();

  const message = await evaluateHere();
  const [, command = ''] = /^ {2}to build it here, .*: (node .*)$/m.exec(message) ?? [];
  expect(command).toContain('building here/node_modules/sockkit/native/build.mjs');
  const failed = await run('env', bare('sh', '-c', command), { cwd: directory });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/^sockkit: no C\+\+ compiler: .*apt-get install g\+\+/);

  const output = await succeed('sh', ['-c', command], directory);
  expect(output).toMatch(/^sockkit: built .*build\/Release\/sockkit\.node\n$/);
  expect(await evaluateHere()).toBe('2\n');
  expect(fs.readdirSync(path.join(directory, 'node_modules/sockkit/build/Release'))).toEqual([
    'sockkit.node',
  ]);
}, 180_000);

test('publint has no complaint', async () => {
  const publint = path.join(ROOT, 'node_modules/publint/src/cli.js');
  await succeed(process.execPath, [publint, 'run', tarball, '--strict'], ROOT);
});

test('every way to import it finds its types', async () => {
  const attw = path.join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  await succeed(process.execPath, [attw, tarball, '--no-color'], ROOT);
});
