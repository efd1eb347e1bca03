// A server of createServer() that counts what comes, and says how much it was: chunks kept, or lent.
import { createServer } from '../../dist/lib/index.mjs';

const [port, kind] = process.argv.slice(2);
const server = createServer({ lend: kind === 'lend' }, async (connection) => {
  let bytes = 0;
  for await (const chunk of connection) bytes += chunk.length;
  console.log(bytes);
});
await server.listen({ port: Number(port), host: '127.0.0.1' });
