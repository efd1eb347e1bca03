import { resolve } from 'node:path';
import { breaches, readTree } from './helpers/rooms.js';

const tree = readTree(resolve(__dirname, '..'));
const inTree = breaches(tree);

/** What is said of one more file, or of one that is replaced, in the tree as it is. */
function withFile(path: string, text: string): string[] {
  return breaches(new Map([...tree, [path, text]])).filter((found) => !inTree.includes(found));
}

test('the tree keeps the order of its rooms', () => {
  expect([...tree.keys()]).toEqual(
    expect.arrayContaining(['lib/binding.ts', 'native/sys/socket.cc', 'bin/sockserve.ts']),
  );
  expect(inTree).toEqual([]);
});

// The checker has to be able to fail: each of these is one breach.
test.each([
  ['lib/x.ts', "import { parse } from './cli/units.js';", 'lib/cli/units.ts of a room above'],
  ['lib/x.ts', "import type { A } from './cli/units.js';", 'lib/cli/units.ts of a room above'],
  ['lib/x.ts', "export * from '../bin/sockserve.js';", 'bin/sockserve.ts of a room above'],
  ['lib/x.ts', "void import('./cli/units.js');", 'lib/cli/units.ts of a room above'],
  ['lib/x.ts', "import x = require('./cli/units.js');", 'lib/cli/units.ts of a room above'],
  ['lib/x.ts', "require('../build/Release/sockkit.node');", 'loads ../build/Release/sockkit.node'],
  ['lib/x.ts', 'process.dlopen(module, file);', 'loads an addon'],
  ['lib/x.ts', "import { createRequire } from 'node:module';", 'loads an addon'],
  ['lib/x.ts', "import { send } from 'sockkit/sys';", 'the package by its own name'],
  ['lib/x.ts', "import { send } from './index.js';", 'imports lib/index.ts from within lib'],
  ['lib/x.ts', "import './y.js';\nimport './x.js';", 'lib/x.ts -> lib/x.ts: a cycle'],
  ['lib/cli/x.ts', "import { binding } from '../binding.js';", 'which is for lib alone'],
  ['lib/tables/x.ts', "import os from 'node:os';", 'tables are pure data'],
  ['lib/other/x.ts', 'export {};', 'belongs to no room'],
  ['native/sys/x.cc', '#include "native/server/turns.h"', 'native/server/turns.h of a room above'],
  ['native/sys/x.cc', '#include "socket.h"', "other than from the repository's root"],
  ['native/sys/x.cc', '#include <node_api.h>', "includes Node's node_api.h"],
  ['native/server/x.h', '#  include <uv.h>', "includes Node's uv.h"],
  ['native/server/x.cc', '#include "native/napi/args.h"', 'native/napi/args.h of a room above'],
  ['native/server/x.cc', 'int f(int s) { return ::shutdown(s, 2); }', 'calls shutdown() itself'],
  ['native/server/x.cc', 'auto n = recv(fd, p, 1, 0);', 'calls recv() itself'],
  ['native/napi/x.cc', 'void f() { ::close(3); }', 'calls close() itself'],
  ['native/napi/x.cc', 'int f(int s) { return send (s, "", 0, 0); }', 'calls send() itself'],
  ['native/napi/x.cc', '#include <unistd.h>', 'includes <unistd.h>'],
  ['native/sys/x.cc', '#include "native/shim/shim.h"', 'native/shim/shim.h of a room above'],
  ['native/other/x.cc', 'int x;', 'belongs to no room'],
  ['test/x.test.ts', "import { send } from '../lib/sys.js';", 'reaches into lib/sys.js'],
  ['test/x.test.ts', "jest.mock('x'); require('../dist/lib/sys.js');", 'reaches into dist/lib/sys'],
])('%s with %j is a breach', (path, text, what) => {
  const found = withFile(path, text);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(what);
});

test('a cycle over two files is found', () => {
  const found = breaches(
    new Map([
      ['lib/a.ts', "import { b } from './b.js';"],
      ['lib/b.ts', "import { a } from './a.js';"],
      ['lib/c.ts', "import type { a } from './a.js';\nimport './d.js';"],
      ['lib/d.ts', "export const c = () => require('./c.js');"],
    ]),
  );
  expect(found).toEqual(['lib/a.ts -> lib/b.ts -> lib/a.ts: a cycle']);
});

test.each([
  ['lib/x.ts', "import { binding } from './binding.js';"],
  ['lib/cli/x.ts', "import { SocketError } from '../index.js';"],
  ['lib/binding.ts', "require('../build/Release/sockkit.node');"],
  ['native/server/x.cc', '#include "native/sys/socket.h"\nint n = sys::recv(fd, p, 1, 0);'],
  ['native/napi/x.cc', '#include <napi.h>\n#include <sys/socket.h>\n// ::close(3)\nc.close();'],
  ['native/napi/x.cc', 'exports.Set("send", Function(env, Send)); sockkit::sys::send(1);'],
  ['test/x.test.ts', "import { sys } from 'sockkit';\nimport { port } from './helpers/port.js';"],
])('%s with %j is none', (path, text) => {
  expect(withFile(path, text)).toEqual([]);
});
