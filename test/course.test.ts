// sockserve and sockclient as the course tests them: SIGTERM comes as soon as the client is done,
// since its exit status 0 promises that the message will be printed.
import { expectSame, expectSameLines, oneAfterAnother, scenarios } from './helpers/course.js';
import { Session, tenAtOnce } from './helpers/course.js';
import { removeFiles } from './helpers/files.js';
import { sockclient, sockserve, stopAll } from './helpers/run.js';

const ROUNDS = 2;

afterEach(async () => {
  await stopAll();
  removeFiles();
});

const open = () => Session.open((stdout) => sockserve([], { stdout }));

async function end({ server, port }: Session): Promise<void> {
  const { signal, stderr } = await server.kill();
  expect({ signal, stderr }).toEqual({
    signal: 'SIGTERM',
    stderr: `sockserve: listening on port ${port}\n`,
  });
}

test.each(scenarios)('%s', async (_name, messages) => {
  for (let round = 0; round < ROUNDS; round++) {
    const session = await open();
    const start = (input: Buffer | null) =>
      sockclient(['127.0.0.1', String(session.port)], { input });
    await oneAfterAnother(start, messages);
    await end(session);
    expectSame(session.printed, Buffer.concat(messages));
  }
});

test('ten clients at once that each stream a line for a second', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const session = await open();
    const start = (input: Buffer | null) =>
      sockclient(['127.0.0.1', String(session.port)], { input });
    const lines = await tenAtOnce(start, 1000);
    await end(session);
    expectSameLines(session.printed, lines);
  }
});
