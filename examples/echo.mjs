// An echo server: each connection has a handler in JavaScript, and a native thread that reads it.
//
//   node examples/echo.mjs 5000
//   nc 127.0.0.1 5000                           in another terminal, or in many
import { createServer } from 'sockkit';

const server = createServer(async (connection) => {
  // Where the client does not read what comes back, sendAll() waits, and so nothing more is read of
  // this client; all others go on.
  for await (const chunk of connection) await connection.sendAll(chunk);
});
server.on('connectionError', (error) => console.error(error.message));

const { port } = await server.listen({ port: Number(process.argv[2] ?? 5000) });
console.log(`echo on port ${port}`);
process.once('SIGINT', async () => {
  await server.close({ force: true });
  console.log(`${server.stats().bytesOut} bytes sent back`);
});
