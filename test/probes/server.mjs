// createMessageServer: whole messages of many clients in one file, while this thread sleeps.
import { strict as assert } from 'node:assert';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, createMessageServer, Socket } from 'sockkit';

const folder = mkdtempSync(join(tmpdir(), 'sockkit-probe-'));
try {
  const file = join(folder, 'out');
  const output = openSync(file, 'w');
  const server = createMessageServer({ output });
  const events = [];
  const all = new Promise((done) => {
    server.on('message', (event) => {
      if (events.push(event) === 20) done();
    });
  });
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  const lines = Array.from({ length: 20 }, (_, index) => `${String(index).repeat(5000)}\n`);
  for (const line of lines) {
    const socket = new Socket(constants.AF_INET, constants.SOCK_STREAM);
    socket.connect({ address: '127.0.0.1', port });
    socket.sendAll(line);
    socket.close();
  }
  await all;
  const stats = await server.close();
  closeSync(output);
  assert.equal(stats.messages, 20);
  assert.ok(events.every(({ outcome }) => outcome === 'complete'));
  const printed = readFileSync(file, 'latin1').split('\n').slice(0, -1);
  assert.deepEqual(printed.map((line) => `${line}\n`).sort(), lines.sort());
} finally {
  rmSync(folder, { recursive: true });
}
