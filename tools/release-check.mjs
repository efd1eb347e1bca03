// npm run release:check: refuses a release whose binaries, types, changelog or docs are not in order.
//   node tools/release-check.mjs [--tag v1.2.3]
// Tests are not its business: npm test has to pass before. --tag also asks for a clean tree.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkDependencies } from './check-dependencies.mjs';
import { checkWorkflows } from './check-workflows.mjs';
import { report } from './lint.mjs';
import { manualsExist } from './manual.mjs';
import { machineOf, nativeDigest, TARGETS } from './prebuilds.mjs';
import { bin, npm, root, run } from './run.mjs';

const { values: options } = parseArgs({ options: { tag: { type: 'string' } } });
const read = (path) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim();
const node = (...args) => run(process.execPath, args);
const result = (complaints) => ({
  ok: complaints.length === 0,
  output: complaints.map((line) => `${line}\n`).join(''),
});

function version() {
  const found = [];
  const [, newest] = /^## (\S+)$/m.exec(read('CHANGELOG.md')) ?? [];
  if (newest !== manifest.version) {
    found.push(`CHANGELOG.md begins with ${newest}, package.json has ${manifest.version}`);
  }
  const entries = read('CHANGELOG.md').split(/^## /m)[1]?.match(/^- \S/gm) ?? [];
  if (entries.length === 0) found.push(`CHANGELOG.md says nothing of ${manifest.version}`);
  const lock = JSON.parse(read('package-lock.json'));
  if (lock.version !== manifest.version) found.push(`package-lock.json has ${lock.version}`);
  if (options.tag !== undefined) {
    if (options.tag !== `v${manifest.version}`) {
      found.push(`the tag is ${options.tag}, the version ${manifest.version}`);
    }
    const changed = git('status', '--porcelain');
    if (changed !== '') found.push(`the tree has changes:\n${changed}`);
  }
  return result(found);
}

function binaries() {
  const found = [];
  for (const [arch, { machine }] of Object.entries(TARGETS)) {
    const folder = `prebuilds/linux-${arch}`;
    const file = `${folder}/sockkit.glibc.node`;
    if (!existsSync(join(root, file))) {
      found.push(`${file} is missing: npm run prebuilds -- --arch ${arch}`);
      continue;
    }
    if (machineOf(join(root, file)) !== machine) found.push(`${file} is for another machine`);
    const stamp = join(root, folder, '.stamp');
    if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== nativeDigest()) {
      found.push(`${file} was made of other sources: npm run prebuilds -- --arch ${arch}`);
    }
    if (arch !== process.arch || process.platform !== 'linux') continue;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['-e', `require(${JSON.stringify(join(root, file))})`],
      { encoding: 'utf8' },
    );
    if (status !== 0) found.push(`${file} cannot be loaded: ${stderr}`);
  }
  return result(found);
}

/** The package as it would be published, by publint and by "are the types wrong". */
async function types(folder) {
  const [command, args] = npm('pack', '--json', '--pack-destination', folder);
  const packed = await run(command, args);
  if (!packed.ok) return packed;
  const [{ filename, files }] = JSON.parse(packed.output.slice(packed.output.indexOf('[')));
  const tarball = join(folder, filename);
  const publint = await node(bin('publint/src/cli.js'), 'run', tarball, '--strict');
  const attw = await node(bin('@arethetypeswrong/cli/dist/index.js'), tarball, '--no-color');
  const names = new Set(files.map(({ path }) => path));
  const found = [];
  if (names.has('binding.gyp')) found.push('binding.gyp at the root makes npm run node-gyp');
  for (const arch of Object.keys(TARGETS)) {
    const file = `prebuilds/linux-${arch}/sockkit.glibc.node`;
    if (!names.has(file)) found.push(`the package lacks ${file}`);
  }
  for (const file of [...Object.values(manifest.bin), ...manifest.man, 'README.md', 'LICENSE']) {
    if (!names.has(file)) found.push(`the package lacks ${file}`);
  }
  const own = result(found);
  return {
    ok: publint.ok && attw.ok && own.ok,
    output: [publint, attw, own]
      .filter(({ ok }) => !ok)
      .map(({ output }) => output)
      .join(''),
  };
}

async function docs() {
  const made = [
    await node(join(root, 'tools/gen-options.mjs'), '--check'),
    await node(join(root, 'tools/gen-constants.mjs'), '--check'),
    await node(join(root, 'tools/docs-site.mjs'), '--check'),
  ];
  const manuals = result(manualsExist() ? [] : ['the manual pages are missing: npm run build']);
  return {
    ok: [...made, manuals].every(({ ok }) => ok),
    output: [...made, manuals]
      .filter(({ ok }) => !ok)
      .map(({ output }) => output)
      .join(''),
  };
}

const work = mkdtempSync(join(tmpdir(), 'sockkit-release-'));
const counts = { passed: 0, failed: 0, skipped: 0 };
const checks = {
  'version and changelog': version,
  binaries,
  'package and types': () => types(work),
  docs,
  dependencies: checkDependencies,
  workflows: checkWorkflows,
};
try {
  for (const [name, check] of Object.entries(checks)) {
    const start = performance.now();
    report(name, start, await check(), counts);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.stdout.write(
  counts.failed === 0
    ? `${manifest.name} ${manifest.version} is in order\n`
    : `${manifest.name} ${manifest.version} must not be released\n`,
);
process.exitCode = counts.failed === 0 ? 0 : 1;
