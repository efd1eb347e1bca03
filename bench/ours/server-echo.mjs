// An echo server of createServer().
import { createServer } from '../../dist/lib/index.mjs';

const options = { backlog: 1024, maxConnections: 4096 };
const server = createServer(options, async (connection) => {
  for await (const chunk of connection) await connection.sendAll(chunk);
});
await server.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
