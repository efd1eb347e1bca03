// A server of node:net that counts what comes, and says how much it was.
import net from 'node:net';

const [port] = process.argv.slice(2).map(Number);
net
  .createServer((socket) => {
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.on('end', () => console.log(bytes));
    socket.on('error', () => {});
  })
  .listen(port, '127.0.0.1');
