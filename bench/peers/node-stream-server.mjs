// The idiomatic node:net counterpart of a server that prints what comes:
//   node-stream-server.mjs PORT            into process.stdout, whose writes to a file are synchronous
//   node-stream-server.mjs PORT async      into fs.createWriteStream, whose writes use the thread pool
import fs from 'node:fs';
import net from 'node:net';

const [port, kind] = process.argv.slice(2);
const output = kind === 'async' ? fs.createWriteStream('', { fd: 1 }) : process.stdout;

const server = net.createServer((socket) => {
  socket.on('error', (error) => console.error(error.message));
  socket.pipe(output, { end: false });
});
server.listen({ port: Number(port), backlog: 10 });
