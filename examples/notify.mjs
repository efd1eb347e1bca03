// A service of Type=notify: it tells systemd that it is ready when it really is. The whole protocol is
// one datagram to the unix socket that $NOTIFY_SOCKET names. See sd_notify(3).
//
//   systemd-run --user --pty -p Type=notify node examples/notify.mjs
import { constants, Socket } from 'sockkit';

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = constants;

function notify(text) {
  const name = process.env.NOTIFY_SOCKET;
  if (!name) return false; // Not started by systemd: nobody wants to know.

  // '@' stands for the NUL byte that an abstract name begins with, which is no file.
  const path = name.replace(/^@/, '\0');
  const socket = new Socket(AF_UNIX, SOCK_DGRAM);
  try {
    socket.sendTo(Buffer.from(text), { path });
  } finally {
    socket.close();
  }
  return true;
}

const server = new Socket(AF_INET, SOCK_STREAM);
server.bind({ address: '127.0.0.1', port: 0 });
server.listen(); // From here on, a client that connects waits in the queue: this is being ready.
const { port } = server.localAddress;
const told = notify(`READY=1\nSTATUS=listening on port ${port}\nMAINPID=${process.pid}`);
console.log(`port ${port}, systemd ${told ? 'was told' : 'does not ask'}`);

const { socket } = server.accept();
notify('STOPPING=1');
socket.sendAll('That was all.\n');
socket.close();
server.close();
