import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { commandFile, start, stopAll } from './helpers/run.js';

afterEach(stopAll);

// The kernel lets no signal without a handler end process 1 of a PID namespace.
test('as process 1 of a container a signal gives exit status 128 + n', async () => {
  const namespace = ['-rpf', '--kill-child'];
  if (spawnSync('unshare', [...namespace, 'true']).status !== 0) {
    console.warn('skipped: no PID namespaces here');
    return;
  }
  for (const [signal, status] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const command = [process.execPath, commandFile('sockserve'), '0'];
    const unshare = start('unshare', [...namespace, ...command]);
    await unshare.stderrMatch(/listening on port/);
    const children = fs.readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, 'utf8');
    process.kill(Number(children.trim()), signal);
    expect(await unshare.finished).toMatchObject({ code: status, signal: null });
  }
});
