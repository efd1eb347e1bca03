// From a fresh clone to something that runs: Debian packages, npm packages, both builds. Every step
// looks first whether there is anything to do. Uses nothing that is not part of Node.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackages } from './debian.mjs';
import { isMain, must, npm, root, say, seconds } from './run.mjs';

export async function setup({ tests }) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17)) {
    process.stderr.write(`sockkit: Node 20.17 or newer is needed, this is ${process.version}\n`);
    process.exit(1);
  }
  await debianPackages({ tests });
  await npmPackages();
  const { build } = await import('./build.mjs');
  await build();
}

async function npmPackages() {
  if (installed()) return;
  const start = performance.now();
  say('installing npm packages');
  await must('npm ci', ...npm('ci', '--ignore-scripts', '--no-audit', '--no-fund'));
  say(`npm packages are installed, ${seconds(start)}`);
}

/** Whether node_modules holds what the lock names, by npm's own record of what it installed. */
function installed() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const have = JSON.parse(readFileSync(record, 'utf8')).packages;
  const want = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(want).every(([path, { version, optional }]) => {
    if (path === '') return true;
    // Optional packages are those of other platforms as a rule.
    return have[path] ? have[path].version === version : optional === true;
  });
}

if (isMain(import.meta.url)) await setup({ tests: !process.argv.includes('--demo') });
