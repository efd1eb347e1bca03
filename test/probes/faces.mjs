// require() and import give one instance, by the package's name.
import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
for (const name of ['sockkit', 'sockkit/sys', 'sockkit/promises']) {
  const imported = await import(name);
  const required = require(name);
  const names = Object.keys(required).filter((key) => key !== 'default');
  assert.ok(names.length > 2);
  for (const key of names) assert.equal(imported[key], required[key], `${name}: ${key}`);
}
