import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { constants, options } from 'sockkit';
import * as sys from 'sockkit/sys';
import { constantTable, fallbackTable } from './helpers/inside.js';
import { cleanUp, tempDir, testWhere } from './helpers/net.js';
import { available } from './helpers/run.js';

const groups = Object.entries(constantTable);
const everywhere = groups.flatMap(([, group]) => [...group.everywhere]);
const somewhere = groups.flatMap(([, group]) => [...group.somewhere]);
// The tests run on processors that have the generic numbers.
const fallbacks: Readonly<Record<string, number>> =
  process.platform === 'linux' ? { ...fallbackTable.generic, ...fallbackTable.linux } : {};
const numbers = constants as Readonly<Record<string, number | undefined>>;

afterEach(cleanUp);

testWhere(available('cc'), 'no cc')('are what this system’s C headers say', () => {
  const directory = tempDir();
  const program = path.join(directory, 'constants');
  const source = `${program}.c`;
  const lines = [...everywhere, ...somewhere].map(
    (name) => `#ifdef ${name}\n  printf("${name} %lld\\n", (long long)${name});\n#endif`,
  );
  fs.writeFileSync(
    source,
    `#define _GNU_SOURCE
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#ifdef __linux__
#include <netpacket/packet.h>
#endif
#ifdef __GLIBC__
#include <linux/in.h>
#include <linux/in6.h>
#endif
int main(void) {
${lines.join('\n')}
}
`,
  );
  execFileSync('cc', ['-o', program, source]);
  const output = execFileSync(program, { encoding: 'latin1' });
  const expected = Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name, value]) => [name, Number(value)]),
  ) as Record<string, number>;
  expect(Object.keys(expected).length).toBeGreaterThan(300);
  // Where the headers are new enough, this is what checks the numbers for those that are not.
  expect(constants).toEqual({ ...fallbacks, ...expected });
  const known = Object.entries(fallbacks).filter(([name]) => name in expected);
  expect(Object.fromEntries(known)).toEqual(
    Object.fromEntries(known.map(([name]) => [name, expected[name]])),
  );
});

testWhere(process.platform === 'linux', 'not Linux')(
  'no constant that an option of Linux needs is lacking',
  () => {
    const lacking = Object.values(options)
      .map(({ constant }) => constant)
      .filter((constant) => constants[constant] === undefined);
    // Names that macOS and the BSDs have.
    expect(lacking).toEqual([
      ...['TCP_CONNECTIONTIMEOUT', 'TCP_KEEPALIVE', 'TCP_NOOPT', 'TCP_NOPUSH', 'IP_RECVDSTADDR'],
    ]);
  },
);

test('those that are promised everywhere are here', () => {
  expect(everywhere.filter((name) => typeof numbers[name] !== 'number')).toEqual([]);
});

test('the compiler knows which may be lacking', () => {
  const always: number = constants.AF_INET;
  // @ts-expect-error A system can lack this one.
  const perhaps: number = constants.SO_MARK;
  expect(typeof always).toBe('number');
  expect(perhaps).toBe(36);
  // @ts-expect-error There is no such constant.
  expect(constants.SO_NO_SUCH).toBeUndefined();
});

test('each is in the group that its name begins with', () => {
  for (const [prefix, { everywhere: some, somewhere: rest }] of groups) {
    const start = prefix === 'POLL' ? prefix : `${prefix}_`;
    expect([...some, ...rest].filter((name) => !name.startsWith(start))).toEqual([]);
  }
});

test('are frozen, and the same in both modules', () => {
  expect(Object.isFrozen(constants)).toBe(true);
  expect(sys.constants).toBe(constants);
});

test('the generated list is up to date', () => {
  const tool = path.join(__dirname, '../tools/gen-constants.mjs');
  execFileSync(process.execPath, [tool, '--check']);
});
