// The idiomatic node:net counterpart of a server that prints whole messages: each is collected and
// written in one piece when its client has shut down. node-message-server.mjs PORT
import net from 'node:net';

const server = net.createServer((socket) => {
  const chunks = [];
  socket.on('error', (error) => console.error(error.message));
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => process.stdout.write(Buffer.concat(chunks)));
});
server.listen({ port: Number(process.argv[2]), backlog: 10 });
