// The programs of test/probes and the pair of commands, in each runtime of README's table, which has
// to tell what they show. The one under qemu is in test/long.
import { stopAll } from './helpers/run.js';
import { expectRow, isEmulated, runtimesHere, table } from './helpers/runtimes.js';

afterEach(stopAll);

test('the table has what is promised', () => {
  const names = table().map(([name]) => name.replace(/ [\d.]+/, ''));
  expect(names).toEqual(['Node', 'Node', 'Node', 'Node', 'Node, arm64', 'Bun', 'Deno']);
});

(runtimesHere ? test : test.skip).each(table().filter((row) => !isEmulated(row)))(
  '%s',
  expectRow,
  300_000,
);
