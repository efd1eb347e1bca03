// An echo server of sockkit/promises.
import { constants, Socket } from '../../dist/lib/promises.mjs';

const { AF_INET, SOCK_STREAM } = constants;
const [port] = process.argv.slice(2).map(Number);

async function echo(socket) {
  try {
    socket.setOption('tcpNodelay', true);
    for (;;) {
      const chunk = await socket.recv(65536);
      if (chunk.length === 0) break;
      await socket.sendAll(chunk);
    }
  } catch {
    // A client that has gone.
  } finally {
    socket.close();
  }
}

const server = new Socket(AF_INET, SOCK_STREAM);
server.setOption('reuseAddr', true);
server.bind({ address: '127.0.0.1', port });
server.listen(128);
for await (const { socket } of server.connections()) echo(socket);
