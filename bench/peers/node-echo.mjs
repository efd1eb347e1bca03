import net from 'node:net';

const [port] = process.argv.slice(2).map(Number);
net
  .createServer((socket) => {
    socket.setNoDelay();
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('error', () => {});
  })
  .listen(port, '127.0.0.1');
