// Asks the kernel who is at the other end of a unix socket. The client says nothing and cannot lie:
// process, user and group were noted when it connected.
//
//   node examples/who-is-there.mjs /tmp/who.sock
//   nc -U /tmp/who.sock                               in another terminal
import { constants, Socket } from 'sockkit';

const { AF_UNIX, SOCK_STREAM } = constants;
const [, , path] = process.argv;
if (!path) {
  console.error('usage: who-is-there.mjs SOCKET');
  process.exit(2);
}

const server = new Socket(AF_UNIX, SOCK_STREAM);
server.bind({ path });
server.listen();
console.error(`waiting on ${path}`);

for (;;) {
  const { socket } = server.accept();
  const { pid, uid, gid } = socket.getOption('peerCred');
  console.log(`process ${pid}, user ${uid}, group ${gid}`);
  try {
    socket.sendAll(`You are process ${pid}, user ${uid}, group ${gid}.\n`);
  } catch (error) {
    console.error(error.message); // EPIPE: it has gone already.
  }
  socket.close();
}
