import { stopAll } from '../helpers/run.js';
import { termAfterExit } from '../helpers/term.js';

afterEach(stopAll);

test("SIGTERM at once after sockclient's exit status 0, 500 times", async () => {
  await termAfterExit(500);
}, 300_000);
