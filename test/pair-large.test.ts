import { removeFiles } from './helpers/files.js';
import { oneLargeMessage, twoLargeMessages } from './helpers/large.js';
import { stopAll } from './helpers/run.js';

const MIB = 2 ** 20;

afterEach(async () => {
  await stopAll();
  removeFiles();
});

test('512 MiB go through the pair unchanged, and the memory of both stays small', async () => {
  await oneLargeMessage(512 * MIB);
});

test('two clients of 100 MB at once: two whole messages', async () => {
  await twoLargeMessages(100_000_000);
});
