// What a user sees where the addon cannot be loaded. Each in a program and a copy of its own.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cleanUp, tempDir } from './helpers/net.js';

const ROOT = path.resolve(__dirname, '..');
const PREBUILD = path.join('prebuilds', `${process.platform}-${process.arch}`);

afterEach(cleanUp);

/** The package without any binary. */
function copy(): string {
  const directory = tempDir();
  fs.cpSync(path.join(ROOT, 'dist/lib'), path.join(directory, 'dist/lib'), { recursive: true });
  fs.copyFileSync(path.join(ROOT, 'package.json'), path.join(directory, 'package.json'));
  return directory;
}

function addon(): string {
  return require.resolve(path.join(ROOT, 'build/Release/sockkit.node'));
}

function load(directory: string, flags: string[] = []): { status: number | null; output: string } {
  const script = `
    try {
      const { constants } = require('./dist/lib/sys.js');
      console.log('loaded', constants.AF_INET);
    } catch (error) {
      console.log(error.message);
    }`;
  const { status, stdout } = spawnSync(process.execPath, [...flags, '-e', script], {
    cwd: directory,
    encoding: 'utf8',
  });
  return { status, output: stdout };
}

test('a prebuilt binary is loaded from where prebuildify puts it', () => {
  const directory = copy();
  fs.mkdirSync(path.join(directory, PREBUILD), { recursive: true });
  fs.copyFileSync(addon(), path.join(directory, PREBUILD, 'sockkit.glibc.node'));
  expect(load(directory)).toEqual({ status: 0, output: 'loaded 2\n' });
});

test('without a binary: what was looked for, and how to build it', () => {
  const directory = copy();
  const { output } = load(directory);
  expect(output).toContain(`${process.platform}-${process.arch}`);
  expect(output).toContain(`Node ${process.version}`);
  expect(output).toContain(`${path.join(directory, 'build/Release/sockkit.node')}: not there`);
  expect(output).toContain(path.join(directory, PREBUILD, 'sockkit.'));
  expect(output).toContain(`: node ${path.join(directory, 'native/build.mjs')}\n`);
});

test('a local build that cannot be loaded is named with the reason, and the prebuilt one used', () => {
  const directory = copy();
  fs.mkdirSync(path.join(directory, 'build/Release'), { recursive: true });
  fs.writeFileSync(path.join(directory, 'build/Release/sockkit.node'), 'not a library');
  expect(load(directory).output).toMatch(/build\/Release\/sockkit\.node: .*(too short|invalid)/);
  fs.mkdirSync(path.join(directory, PREBUILD), { recursive: true });
  fs.copyFileSync(addon(), path.join(directory, PREBUILD, 'sockkit.glibc.node'));
  expect(load(directory).output).toBe('loaded 2\n');
});

test('where Node was told to load no addons, the message says so', () => {
  expect(load(ROOT, ['--no-addons']).output).toContain('--allow-addons');
});
