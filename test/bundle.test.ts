// The commands as they are built: what they load, and what they carry of others.
import * as fs from 'node:fs';
import { isBuiltin } from 'node:module';
import * as path from 'node:path';
import { cleanUp, tempDir } from './helpers/net.js';
import { commandFile, run, sockserve, stopAll } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');
const BIN = path.join(ROOT, 'dist/bin');
const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  bin: Record<string, string>;
  version: string;
};
const commands = Object.keys(manifest.bin);

afterEach(stopAll);
afterEach(cleanUp);

/** Makes a program write, when it ends, which files it has loaded. */
function reporter(): { flags: string[]; loaded: () => string[] } {
  const directory = tempDir();
  const script = path.join(directory, 'report.js');
  const file = path.join(directory, 'loaded.json');
  fs.writeFileSync(
    script,
    `process.on('exit', () => {
      const loaded = Object.keys(require.cache).filter((name) => name !== __filename);
      require('node:fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify(loaded));
    });`,
  );
  return {
    flags: ['--require', script],
    loaded: () => JSON.parse(fs.readFileSync(file, 'utf8')) as string[],
  };
}

test('sockclient loads one file and the addon', async () => {
  const { server, port } = await sockserve();
  const { flags, loaded } = reporter();
  const args = [...flags, commandFile('sockclient'), '127.0.0.1', String(port)];
  const client = await run(process.execPath, args, { input: 'Go Tigers!\n' });
  expect(client).toMatchObject({ code: 0, stderr: '' });
  expect((await server.kill()).stdout.toString()).toBe('Go Tigers!\n');
  expect(loaded()).toEqual([
    path.join(BIN, 'sockclient.js'),
    path.join(ROOT, 'build/Release/sockkit.node'),
  ]);
});

test('sockserve loads one file and the addon', async () => {
  const { flags, loaded } = reporter();
  // An address that is nobody's (RFC 5737): it ends where it would listen.
  const args = [...flags, commandFile('sockserve'), '--host', '203.0.113.1', '0'];
  const { code, stderr } = await run(process.execPath, args);
  expect([code, stderr]).toEqual([1, expect.stringContaining('EADDRNOTAVAIL')]);
  expect(loaded()).toEqual([
    path.join(BIN, 'sockserve.js'),
    path.join(ROOT, 'build/Release/sockkit.node'),
  ]);
});

test('the progress bar is loaded where one is shown', async () => {
  const { server, port } = await sockserve();
  const { flags, loaded } = reporter();
  const args = [...flags, commandFile('sockclient'), '--progress', '127.0.0.1', String(port)];
  const client = await run(process.execPath, args, { input: 'Go Tigers!\n' });
  expect(client.code).toBe(0);
  expect(client.stderr).toMatch(/^sockclient: 11 B, /m);
  await server.kill();
  expect(loaded()).toContain(path.join(BIN, 'sockclient-cli-progress.js'));
});

test.each(commands)('%s --version is the version in package.json', async (name) => {
  const { code, stdout } = await run(process.execPath, [path.join(BIN, `${name}.js`), '--version']);
  expect([code, stdout.toString()]).toEqual([0, `${manifest.version}\n`]);
});

test.each(commands)('%s can be executed as it is', (name) => {
  const file = path.join(ROOT, manifest.bin[name] ?? '');
  expect(fs.readFileSync(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(fs.statSync(file).mode & 0o111).toBe(0o111);
});

test('the commands ask for nothing that the package does not carry', () => {
  const asked = fs
    .readdirSync(BIN)
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => {
      const text = fs.readFileSync(path.join(BIN, name), 'utf8');
      return [...text.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, what = '']) => what);
    })
    .filter((what) => !what.startsWith('node:') && !fs.existsSync(path.join(BIN, what)));
  // linkedom asks for canvas, and does without.
  expect(asked.filter((what) => !isBuiltin(what) && what !== 'canvas')).toEqual([]);
});

test('the licence of each package inside is there', () => {
  const text = fs.readFileSync(path.join(BIN, 'THIRD-PARTY-NOTICES'), 'utf8');
  for (const name of ['cli-progress', 'string-width', 'emoji-regex']) {
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, 'm'));
  }
  expect(text).toContain('Copyright (c) 2015-2022 Andi Dittrich');
});
