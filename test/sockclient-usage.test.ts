import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { sockclient, stopAll } from './helpers/run.js';

afterEach(stopAll);

const usage: [string, string[], string][] = [
  ['no arguments', [], 'HOST and PORT are missing'],
  ['one argument', ['127.0.0.1'], 'PORT is missing'],
  ['too many arguments', ['127.0.0.1', '5000', 'x'], "too many arguments: 'x'"],
  ['an empty host', ['', '5000'], 'the host is empty'],
  [
    'a port in letters',
    ['h', 'abc'],
    "port 'abc' is not a number; write decimal digits, such as 5000",
  ],
  ['a negative port', ['h', '-1'], "port '-1' is negative; ports go from 0 to 65535"],
  ['a negative port of several digits', ['h', '-15'], "port '-15' is negative"],
  ['port 0', ['h', '0'], "port '0' cannot be connected to; the least is 1"],
  ['a port past the end', ['h', '65536'], "port '65536' is too large; the most is 65535"],
  ['a fraction', ['h', '80.5'], "port '80.5' is not a whole number"],
  ['a hexadecimal port', ['h', '0x50'], "port '0x50' is not in decimal digits; did you mean 80?"],
  ['an empty port', ['h', ''], 'the port is empty'],
  ['a port with a space', ['h', ' 80'], "port ' 80' is not a number"],
  ['digits of another script', ['h', '٣'], "port '٣' is not a number"],
  ['an unknown option', ['--frob', 'h', '80'], "unknown option '--frob'"],
  ['a mistyped option', ['--timeuot', '1', 'h', '80'], "did you mean '--timeout'?"],
  ['an unknown short option', ['-x', 'h', '80'], "unknown option '-x'"],
  ['an option of every object', ['--constructor', 'h', '80'], "unknown option '--constructor'"],
  [
    'a value that is missing',
    ['h', '80', '--timeout'],
    "'--timeout' needs a value: --timeout TIME",
  ],
  ['an option in place of a value', ['--timeout', '--verbose', 'h', '80'], 'needs a value'],
  ['an empty value', ['--chunk=', 'h', '80'], "'--chunk' needs a value"],
  ['a value where none goes', ['--verbose=yes', 'h', '80'], "'--verbose' takes no value"],
  ['a time that is none', ['--timeout', 'soon', 'h', '80'], "--timeout 'soon' is not a time"],
  ['a negative time', ['--timeout', '-1', 'h', '80'], "--timeout '-1' is not a time"],
  ['no time at all', ['-w', '0', 'h', '80'], "--timeout '0' is too small; the least is 1ms"],
  ['a size that is none', ['--chunk', '64q', 'h', '80'], "--chunk '64q' is not a size"],
  ['a size of nothing', ['--chunk', '0', 'h', '80'], "--chunk '0' is too small; the least is 1"],
  [
    'a size past the end',
    ['--chunk', '1G', 'h', '80'],
    "--chunk '1G' is too large; the most is 64M",
  ],
];

test.each(usage)('%s: one line and exit status 2', async (_name, args, expected) => {
  const { code, stderr, stdout } = await sockclient(args).finished;
  expect(stderr).toContain(Buffer.from(`sockclient: `).toString('latin1'));
  expect(Buffer.from(stderr, 'latin1').toString()).toContain(expected);
  expect(stderr).toMatch(/^[^\n]+ \(try 'sockclient --help'\)\n$/);
  expect(stdout).toHaveLength(0);
  expect(code).toBe(2);
});

test.each([['--help'], ['-h'], ['--help', '--frob=1', 'too', 'many', 'operands'].slice(0, 1)])(
  '%s prints the help to stdout',
  async (...args) => {
    const { code, stderr, stdout } = await sockclient(args).finished;
    const text = stdout.toString();
    expect(text).toMatch(/^Usage: sockclient \[options\] HOST PORT\n/);
    for (const option of ['--timeout TIME', '--chunk SIZE', '--progress', '--version']) {
      expect(text).toContain(option);
    }
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  },
);

test.each([['--version'], ['-V']])("%s prints the package's version", async (option) => {
  const file = path.join(__dirname, '../package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const { code, stdout } = await sockclient([option]).finished;
  expect(stdout.toString()).toBe(`${version}\n`);
  expect(code).toBe(0);
});
