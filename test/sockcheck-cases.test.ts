// Pairs that are right go through the cases, and small wrong programs show what is said of them.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { testWhere } from './helpers/net.js';
import { available, commandFile, run, stopAll } from './helpers/run.js';

// Each starts many programs, which takes its time on a busy machine.
jest.setTimeout(300_000);

afterEach(async () => {
  await stopAll();
  removeFiles();
});

// Deadlines inside grow with what the machine is slow at; these only end what hangs.
jest.setTimeout(240_000);

const SERVER = `'${process.execPath}' '${commandFile('sockserve')}' {port}`;
const CLIENT = `'${process.execPath}' '${commandFile('sockclient')}' {host} {port}`;

async function sockcheck(...args: string[]) {
  const { code, stdout, stderr } = await run(process.execPath, [commandFile('sockcheck'), ...args]);
  expect(stderr).toBe('');
  return { code, text: stdout.toString().replace(/\s+/g, ' ') };
}

/** A Node program of a few lines, as a command without its arguments. */
function program(text: string): string {
  const file = path.join(temporaryFolder(), 'program.js');
  fs.writeFileSync(file, text);
  return `'${process.execPath}' '${file}'`;
}

test('our server passes what it can be put through quickly', async () => {
  const skip =
    'server-100mb,server-leaks,server-utf8,server-crlf-bom,server-a*,server-o*,server-100kb';
  const { code, text } = await sockcheck('--server', SERVER, '--skip', `${skip},client-*`);
  expect(text).toContain('all required cases passed');
  expect(text).not.toMatch(/failed|flaky|error/);
  expect(code).toBe(0);
});

test('our client passes what it can be put through quickly', async () => {
  const skip =
    'client-100mb,client-memory,client-utf8,client-crlf-bom,client-a*,client-o*,client-100kb';
  const { code, text } = await sockcheck('--client', CLIENT, '--skip', skip);
  expect(text).toContain('all required cases passed');
  expect(text).not.toMatch(/failed|flaky|error/);
  expect(code).toBe(0);
});

const ECHO_LOUD = `require('net').createServer((c) => c.on('data', (d) => process.stdout.write(d + '\\n')))
  .listen(process.argv[2])`;

test('a newline that is added is told, with the bytes', async () => {
  const command = `${program(ECHO_LOUD)} {port}`;
  const { code, text } = await sockcheck('--server', command, '--only', 'server-one-byte');
  expect(text).toContain('FAILED server-one-byte');
  expect(text).toContain('Your server printed 2 bytes instead of 1. A newline is added at the end');
  expect(text).toContain('expected: 0 78 x got: 0 78 0a x.');
  expect(code).toBe(1);
});

test('what passes only now and then is flaky', async () => {
  const flag = path.join(temporaryFolder(), 'flag');
  const text = `const fs = require('fs');
    const right = fs.existsSync('${flag}');
    fs.writeFileSync('${flag}', '');
    require('net').createServer((c) => c.on('data', (d) => { if (right) fs.writeSync(1, d); }))
      .listen(process.argv[2])`;
  const only = ['--only', 'server-flush', '--jobs', '1'];
  const found = await sockcheck('--server', `${program(text)} {port}`, ...only);
  expect(found.text).toContain('FLAKY server-flush');
  expect(found.text).toContain('It failed once and passed once');
  expect(found.code).toBe(1);
});

test('a server that dies in the middle is no fault of the grader', async () => {
  const text = `require('net').createServer((c) => process.exit(3)).listen(process.argv[2])`;
  const only = 'server-recv-short,server-threads,server-stays,server-queue';
  const found = await sockcheck('--server', `${program(text)} {port}`, '--only', only);
  expect(found.text).toContain('exited with status 3');
  expect(found.text).not.toContain('ERROR');
  expect(found.code).toBe(1);
});

test.each([
  [
    'memory',
    ['--memory-limit', '200M'],
    'const a = []; for (;;) a.push(Buffer.alloc(2 ** 20, 1));',
  ],
  ['output', ['--output-limit', '1M'], "for (;;) require('fs').writeSync(1, 'x'.repeat(65536));"],
  ['processor time', ['--time-limit', '1'], 'for (;;);'],
])(
  'a program that takes more %s than it may is ended, and told why',
  async (what, limits, text) => {
    const only = ['--only', 'client-exit'];
    const command = `${program(text)} {host} {port}`;
    const found = await sockcheck('--client', command, ...only, ...limits);
    expect(found.text).toMatch(
      what === 'output' ? /SIGXFSZ|EFBIG|of output/ : new RegExp(`of ${what}`),
    );
    expect(found.code).toBe(1);
  },
);

test('a build that fails is shown, and nothing is run', async () => {
  const args = [
    '--server',
    './nothing {port}',
    '--build',
    "sh -c 'echo no such header >&2; exit 2'",
  ];
  const { code, text } = await sockcheck(...args, '--only', 'server-short');
  expect(text).toContain('FAILED build');
  expect(text).toContain('no such header');
  expect(text).toContain('The program was not built, so nothing could be tested.');
  expect(code).toBe(1);
});

testWhere(available('cc'), 'there is no C compiler')('another reference can be named', async () => {
  const folder = temporaryFolder();
  for (const name of ['server', 'client']) {
    const source = path.join(__dirname, '../reference', `${name}.c`);
    const { code } = await run('cc', ['-O1', '-pthread', '-o', path.join(folder, name), source]);
    expect(code).toBe(0);
  }
  const args = ['--server', SERVER, '--reference', folder, '--only', 'server-short'];
  const { code, text } = await sockcheck(...args);
  expect(text).toContain('with reference');
  expect(code).toBe(0);
});
