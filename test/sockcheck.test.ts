import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { eventually } from './helpers/proc.js';
import { commandFile, run, start, stopAll } from './helpers/run.js';

afterEach(async () => {
  await stopAll();
  removeFiles();
});

const SERVER = `'${process.execPath}' '${commandFile('sockserve')}' {port}`;
const CLIENT = `'${process.execPath}' '${commandFile('sockclient')}' {host} {port}`;

const sockcheck = (args: readonly string[], env: Record<string, string> = {}) =>
  run(process.execPath, [commandFile('sockcheck'), ...args], { env });

/** A program of one line of shell. */
function script(text: string): string {
  const file = path.join(temporaryFolder(), 'program');
  fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

test.each([
  ['nothing to grade', [], 'there is nothing to grade'],
  ['a server that is told no port', ['--server', './server'], 'there is no {port} in: ./server'],
  ['a client that is told no host', ['--client', './c {port}'], 'there is no {host} in'],
  ['a quote that is left open', ['--server', "'./server {port}"], 'a quote is not closed in'],
  ['a case that is none', ['--server', SERVER, '--only', 'server-shart'], "'server-shart'"],
  ['a folder that is none', ['--server', SERVER, '-C', '/nowhere'], "'/nowhere' is no folder"],
])('%s: one line and exit status 2', async (_name, args, expected) => {
  const { code, stderr, stdout } = await sockcheck(args);
  expect(stderr).toContain(expected);
  expect(stderr).toMatch(/^sockcheck: [^\n]+ \(try 'sockcheck --help'\)\n$/);
  expect(stdout).toHaveLength(0);
  expect(code).toBe(2);
});

test('--list names every case, what it does and what it tests', async () => {
  const { code, stdout } = await sockcheck(['--list']);
  const cases = stdout.toString().trim().split('\n\n');
  expect(cases.length).toBeGreaterThan(20);
  for (const one of cases) expect(one).toMatch(/^(server|client)-[\w-]+.*\n {2}\S[\s\S]+Tests: \S/);
  expect(code).toBe(0);
});

test('our own pair passes, with every partner', async () => {
  const args = [
    '--server',
    SERVER,
    '--client',
    CLIENT,
    '--only',
    'server-short,client-short,*-nul',
  ];
  const { code, stdout } = await sockcheck(args);
  expect(stdout.toString()).toMatch(/all required cases passed: (8|12) passed/);
  expect(code).toBe(0);
});

test('a program that is not there is named', async () => {
  const args = ['--server', './nowhere {port}', '--only', 'server-short'];
  const { code, stdout } = await sockcheck(args);
  expect(stdout.toString()).toContain('your server cannot be started: there is no ./nowhere in');
  expect(code).toBe(1);
});

test('a program that does nothing is ended, with what it has started', async () => {
  const file = path.join(temporaryFolder(), 'pids');
  // One child in its group, and one that has left its session.
  const program = script(`sleep 600 & echo $! >> ${file}
    setsid sleep 600 & echo $! >> ${file}
    exec sleep 600`);
  const args = ['--server', `${program} {port}`, '--only', 'server-short'];
  const { code, stdout } = await sockcheck(args);
  expect(stdout.toString()).toMatch(/does not listen on port \d+/);
  expect(code).toBe(1);
  const left = fs
    .readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .filter((pid) => isRunning(Number(pid)));
  expect(left).toEqual([]);
});

test('programs run without the environment of whoever grades', async () => {
  const file = path.join(temporaryFolder(), 'environment');
  const program = script(`env > ${file}; exit 1`);
  const args = ['--server', `${program} {port}`, '--only', 'server-short'];
  await sockcheck(args, { SECRET_OF_THE_GRADER: 'x' });
  const names = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .map((row) => row.split('=')[0]);
  expect(names).toContain('PATH');
  expect(names).not.toContain('SECRET_OF_THE_GRADER');
});

test('SIGINT ends it and what it has started', async () => {
  const file = path.join(temporaryFolder(), 'pid');
  const program = script(`echo $$ > ${file}; exec sleep 600`);
  const args = ['--server', `${program} {port}`, '--only', 'server-short', '--jobs', '1'];
  const check = start(process.execPath, [commandFile('sockcheck'), ...args]);
  const hasStarted = () => fs.existsSync(file) && fs.readFileSync(file, 'utf8') !== '';
  await eventually('the program has started', hasStarted, check);
  const { signal } = await check.kill('SIGINT');
  expect(signal).toBe('SIGINT');
  expect(isRunning(Number(fs.readFileSync(file, 'utf8')))).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
