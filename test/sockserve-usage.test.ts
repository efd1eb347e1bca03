import * as fs from 'node:fs';
import * as net from 'node:net';
import { commandFile, sockserve, start, stopAll } from './helpers/run.js';

afterEach(stopAll);

const plain = (args: string[], stdout?: number) =>
  start(process.execPath, [commandFile('sockserve'), ...args], {
    ...(stdout === undefined ? {} : { stdout }),
  }).finished;

const usage: [string, string[], string][] = [
  ['no arguments', [], 'PORT is missing'],
  ['too many arguments', ['5000', '5001'], "too many arguments: '5001'"],
  ['a port in letters', ['abc'], "port 'abc' is not a number"],
  ['a negative port', ['-1'], "port '-1' is negative; ports go from 0 to 65535"],
  ['a port past the end', ['65536'], "port '65536' is too large; the most is 65535"],
  ['a fraction', ['80.5'], "port '80.5' is not a whole number"],
  ['a hexadecimal port', ['0x50'], "port '0x50' is not in decimal digits; did you mean 80?"],
  ['an empty port', [''], 'the port is empty'],
  ['an unknown option', ['--trace-me', '5000'], "unknown option '--trace-me'"],
  ['a mistyped option', ['--backlig', '5', '5000'], "did you mean '--backlog'?"],
  ['a backlog that is none', ['--backlog', 'x', '5000'], "--backlog 'x' is not a number"],
  ['no connections at all', ['--max-connections', '0', '5000'], 'the least is 1'],
  ['a size that is none', ['--spool', '4T', '5000'], "--spool '4T' is not a size"],
  ['a time that is none', ['--stall', '5m', '5000'], "--stall '5m' is not a time"],
  ['a value that is missing', ['5000', '--spool-dir'], "'--spool-dir' needs a value"],
];

test.each(usage)('%s: one line and exit status 2', async (_name, args, expected) => {
  const { code, stderr, stdout } = await plain(args);
  expect(stderr).toContain(`sockserve: `);
  expect(stderr).toContain(expected);
  expect(stderr).toMatch(/^[^\n]+ \(try 'sockserve --help'\)\n$/);
  expect(stdout).toHaveLength(0);
  expect(code).toBe(2);
});

test('--help prints every option to stdout', async () => {
  const { code, stdout } = await plain(['--help']);
  const options = ['host', 'backlog', 'live', 'raw', 'spool', 'spool-dir', 'stall'];
  for (const option of [...options, 'max-connections', 'idle-timeout', 'verbose']) {
    expect(stdout.toString()).toContain(`--${option}`);
  }
  expect(code).toBe(0);
});

test('help that cannot be written is exit status 1', async () => {
  const full = fs.openSync('/dev/full', 'w');
  const { code, stderr } = await plain(['--help'], full);
  fs.closeSync(full);
  expect(stderr).toBe('sockserve: write stdout: ENOSPC (no space left on device)\n');
  expect(code).toBe(1);
});

test("a port in use: the holder's process is named, exit status 1", async () => {
  const holder = net.createServer();
  await new Promise<void>((resolve) => holder.listen(0, resolve));
  const { port } = holder.address() as net.AddressInfo;
  const { code, stderr } = await plain([String(port)]);
  holder.close();
  expect(stderr).toContain(
    `:${port}: EADDRINUSE (address already in use); process ${process.pid} `,
  );
  expect(stderr).toMatch(/^sockserve: (bind|listen) [^\n]+\n$/);
  expect(code).toBe(1);
});

test('an address of another machine: exit status 1', async () => {
  const { code, stderr } = await plain(['--host', '192.0.2.1', '0']);
  expect(stderr).toMatch(/^sockserve: bind 192\.0\.2\.1:0: EADDRNOTAVAIL \([^\n]+\n$/);
  expect(code).toBe(1);
});

test('a low port as an ordinary user: what to do instead, exit status 1', async () => {
  if (process.getuid?.() !== 0) return expectLowPortRefused([]);
  return expectLowPortRefused(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']);
});

async function expectLowPortRefused(prefix: string[]): Promise<void> {
  const node = [process.execPath, commandFile('sockserve'), '80'];
  const [file = '', ...args] = [...prefix, ...node];
  const { code, stderr } = await start(file, args).finished;
  expect(stderr).toMatch(
    /^sockserve: bind \S+:80: EACCES \(permission denied\); ports below 1024 need root; try 5000\n$/,
  );
  expect(code).toBe(1);
}

test('port 0 says which port it is, and a signal ends it by that signal', async () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const { server, port } = await sockserve();
    const ended = await server.kill(signal);
    expect(ended.signal).toBe(signal);
    expect(ended.stderr).toBe(`sockserve: listening on port ${port}\n`);
  }
});
