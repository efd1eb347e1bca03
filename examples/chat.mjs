// A chat room: the first line is your name, each further line goes to everyone else.
//
//   node examples/chat.mjs 5000
//   nc 127.0.0.1 5000                           in two other terminals
import { createServer } from 'sockkit';

const MOST_UNSENT = 65536;
const room = new Map();

function tell(text, except) {
  for (const [name, connection] of room) {
    if (name === except) continue;
    // Nobody waits for someone who does not read: beyond some lines, they have to leave.
    if (connection.bytesUnsent > MOST_UNSENT) connection.reset();
    else connection.sendAll(`${text}\n`).catch(() => {});
  }
}

const server = createServer({ idleTimeoutMs: 600_000 }, async (connection) => {
  await connection.sendAll('Your name?\n');
  const name = (await connection.readLine({ maxBytes: 64 }))?.trim();
  if (!name || room.has(name)) {
    await connection.sendAll('That name is taken, or none.\n');
    return;
  }
  room.set(name, connection);
  try {
    await connection.sendAll(`${room.size} here: ${[...room.keys()].join(', ')}\n`);
    tell(`* ${name} has come`, name);
    for (let line; (line = await connection.readLine()) !== null;) tell(`${name}: ${line}`, name);
  } finally {
    room.delete(name);
    tell(`* ${name} has left`);
  }
});
server.on('connectionError', (error) => console.error(error.message));

const { port } = await server.listen({ port: Number(process.argv[2] ?? 5000) });
console.log(`chat on port ${port}`);
process.once('SIGINT', () => server.close({ force: true }));
