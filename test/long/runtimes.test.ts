// The row of README's table of runtimes that is emulated, by qemu.
import { stopAll } from '../helpers/run.js';
import { expectRow, isEmulated, runtimesHere, table } from '../helpers/runtimes.js';

afterEach(stopAll);

(runtimesHere ? test : test.skip).each(table().filter(isEmulated))('%s', expectRow, 600_000);
