// The course's scenarios many times over, and once with the timing of its own scripts.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { expectSame, expectSameLines, oneAfterAnother, scenarios } from '../helpers/course.js';
import { Session, tenAtOnce } from '../helpers/course.js';
import { removeFiles, temporaryFolder } from '../helpers/files.js';
import { COURSE_TEXT_NAME, courseText } from '../helpers/messages.js';
import { commandFile, freePort, sockclient, sockserve, stopAll } from '../helpers/run.js';

const ROUNDS = 20;

afterEach(async () => {
  await stopAll();
  removeFiles();
});

test(`all scenarios ${ROUNDS} times`, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [, messages] of scenarios) {
      const { session, start } = await open();
      await oneAfterAnother(start, messages);
      expect((await session.server.kill()).signal).toBe('SIGTERM');
      expectSame(session.printed, Buffer.concat(messages));
    }
    const { session, start } = await open();
    const lines = await tenAtOnce(start, 1000);
    expect((await session.server.kill()).signal).toBe('SIGTERM');
    expectSameLines(session.printed, lines);
  }
}, 300_000);

async function open() {
  const session = await Session.open((stdout) => sockserve([], { stdout }));
  const start = (input: Buffer | null) =>
    sockclient(['127.0.0.1', String(session.port)], { input });
  return { session, start };
}

/** What a course's script does: it does not wait for anything that it could wait for. */
const SCRIPT = `
"$1" "$2" "$4" > received 2> server.err &
server=$!
sleep 0.2
"$1" "$3" 127.0.0.1 "$4" < "$5" 2> client.err
sleep 0.2
kill $server
diff "$5" received`;

test("the course's own timing: 0.2 s for the server to start", async () => {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, COURSE_TEXT_NAME), courseText());
  for (let round = 0; round < ROUNDS; round++) {
    const [server, client] = [commandFile('sockserve'), commandFile('sockclient')];
    const port = String(await freePort());
    const args = ['-c', SCRIPT, 'sh', process.execPath, server, client, port, COURSE_TEXT_NAME];
    // diff's exit status is the script's, and throws.
    execFileSync('sh', args, { cwd: folder });
  }
});
