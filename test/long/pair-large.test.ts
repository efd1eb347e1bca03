import { removeFiles } from '../helpers/files.js';
import { oneLargeMessage, twoLargeMessages } from '../helpers/large.js';
import { stopAll } from '../helpers/run.js';

const GIB = 2 ** 30;

afterEach(async () => {
  await stopAll();
  removeFiles();
});

test('2 GiB go through the pair unchanged, and the memory of both stays small', async () => {
  await oneLargeMessage(2 * GIB);
}, 300_000);

test('two clients of 500 MB at once: two whole messages', async () => {
  await twoLargeMessages(500_000_000);
}, 300_000);
