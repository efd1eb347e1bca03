// What is promised of the packages that this one uses: exact versions, each named in
// docs/dependencies.md with its licence, and no script that an installation would run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, root } from './run.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

/**
 * Development packages whose scripts look for a binary, which their packages for each platform bring
 * anyway. `npm ci --ignore-scripts` is what tools/setup.mjs runs.
 */
const SCRIPTS_NOT_RUN = ['@parcel/watcher', 'unrs-resolver'];

export function checkDependencies() {
  const found = [];
  const { dependencies, devDependencies, scripts } = JSON.parse(read('package.json'));
  const { packages } = JSON.parse(read('package-lock.json'));
  const names = Object.keys({ ...dependencies, ...devDependencies });
  const rows = read('docs/dependencies.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));

  for (const name of names) {
    const version = dependencies[name] ?? devDependencies[name];
    if (!/^\d+\.\d+\.\d+$/.test(version)) found.push(`${name}: ${version} is no exact version`);
    const { license } = JSON.parse(read(`node_modules/${name}/package.json`));
    const row = rows.find((line) => mentions(line, name));
    if (row === undefined) found.push(`${name} is not in docs/dependencies.md`);
    else if (!row.includes(`| ${license} `)) found.push(`${name}: its licence is ${license}`);
  }
  for (const [path, it] of Object.entries(packages)) {
    const name = path.replace(/^.*node_modules\//, '');
    if (!it.hasInstallScript || (it.dev && SCRIPTS_NOT_RUN.includes(name))) continue;
    found.push(`${name} ${it.version} has an install script`);
  }
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare', 'prebuild']) {
    if (name in scripts) found.push(`the script '${name}' would be run by npm`);
  }
  return { ok: found.length === 0, output: found.map((line) => `${line}\n`).join('') };
}

/** `@rollup/plugin-json` may stand as `-json` after another of its kind. */
function mentions(row, name) {
  const short = name.replace(/^@rollup\/plugin/, '');
  return row.includes(`\`${name}\``) || (short !== name && row.includes(`\`${short}\``));
}

if (isMain(import.meta.url)) {
  const { ok, output } = checkDependencies();
  process.stdout.write(output);
  process.exitCode = ok ? 0 : 1;
}
