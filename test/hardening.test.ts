// The addon is built so that a mistake in it is harder to make use of. The binaries of the package
// are looked at in package.test.ts.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { expectHardened, protectionOf } from './helpers/elf.js';

const ROOT = path.resolve(__dirname, '..');
const BUILT = path.join(ROOT, 'build/Release/sockkit.node');

const testOnLinux = process.platform === 'linux' && fs.existsSync(BUILT) ? test : test.skip;
if (testOnLinux === test.skip) console.warn('skipped: no ELF file was built here');

testOnLinux('the addon is protected', () => {
  expectHardened(BUILT);
});

testOnLinux('what is not protected is seen', () => {
  // Node itself is linked without these, or with some of them: the reader tells them apart.
  const seen = protectionOf(process.execPath);
  expect(seen.imports).toContain('write');
  expect(seen.imports).not.toContain('no_such_name');
});
