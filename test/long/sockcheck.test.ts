// The same verdict every time, also where both cores are busy.
import { spawn, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import { removeFiles, temporaryFolder } from '../helpers/files.js';
import { commandFile, run, stopAll } from '../helpers/run.js';

const ROUNDS = 20;
const BUSY = 2;
const LONG_MS = 3_600_000;

const busy: ChildProcess[] = [];

afterEach(async () => {
  for (const child of busy.splice(0)) child.kill('SIGKILL');
  await stopAll();
  removeFiles();
});

const command = (name: 'sockserve' | 'sockclient') =>
  `'${process.execPath}' '${commandFile(name)}'`;

async function compiled(): Promise<{ server: string; client: string }> {
  const folder = temporaryFolder();
  for (const name of ['server', 'client']) {
    const source = path.join(__dirname, '../../reference', `${name}.c`);
    const { code } = await run('cc', ['-O2', '-pthread', '-o', path.join(folder, name), source]);
    expect(code).toBe(0);
  }
  return { server: `${folder}/server {port}`, client: `${folder}/client {host} {port}` };
}

const own = () => ({
  server: `${command('sockserve')} {port}`,
  client: `${command('sockclient')} {host} {port}`,
});

test.each([
  ['our own pair', own],
  ['the C reference', compiled],
])(
  `%s passes every case ${ROUNDS} times in a row while both cores are busy`,
  async (_name, of) => {
    for (let core = 0; core < BUSY; core++) {
      busy.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
    }
    const { server, client } = await of();
    for (let round = 0; round < ROUNDS; round++) {
      const args = ['--server', server, '--client', client];
      const { code, stdout } = await run(process.execPath, [commandFile('sockcheck'), ...args]);
      const text = stdout.toString();
      expect(text).not.toMatch(/^(FAILED|FLAKY|ERROR) /m);
      expect(code).toBe(0);
    }
  },
  LONG_MS,
);
