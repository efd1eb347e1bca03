// sockkit/promises: a hundred connections at once, a time-out, an abort.
import { strict as assert } from 'node:assert';
import { constants, createConnection, Socket } from 'sockkit/promises';

const { AF_INET, SOCK_STREAM } = constants;
const listener = new Socket(AF_INET, SOCK_STREAM);
listener.bind({ address: '127.0.0.1', port: 0 });
listener.listen(100);
const { port } = listener.localAddress;
const echo = (async () => {
  for (let index = 0; index < 100; index += 1) {
    const { socket } = await listener.accept();
    void (async () => {
      for await (const chunk of socket) await socket.sendAll(chunk);
      socket.close();
    })();
  }
})();
const clients = Array.from({ length: 100 }, async (_, index) => {
  const socket = await createConnection({ host: '127.0.0.1', port });
  await socket.sendAll(`client ${index}`);
  socket.shutdown(constants.SHUT_WR);
  let text = '';
  for await (const chunk of socket) text += chunk.toString();
  assert.equal(text, `client ${index}`);
  socket.close();
});
await Promise.all([echo, ...clients]);
await assert.rejects(listener.accept({ timeoutMs: 10 }), { code: 'ETIMEDOUT' });
const controller = new AbortController();
const aborted = assert.rejects(listener.accept({ signal: controller.signal }), {
  name: 'AbortError',
});
controller.abort();
await aborted;
listener.close();
