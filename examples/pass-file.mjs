// Gives an open file to another process, over a unix socket. What travels is the open file itself:
// the taker need not be allowed to open it, and it may have no name any more.
//
//   node examples/pass-file.mjs give /tmp/give.sock FILE      in one terminal
//   node examples/pass-file.mjs take /tmp/give.sock           in another
import * as fs from 'node:fs';
import { constants, Socket } from 'sockkit';

const { AF_UNIX, SOCK_STREAM } = constants;
const [, , role, path, file] = process.argv;

const socket = new Socket(AF_UNIX, SOCK_STREAM);

if (role === 'give' && path && file) {
  const fd = fs.openSync(file, 'r');
  socket.bind({ path });
  socket.listen();
  console.error(`waiting on ${path}`);
  const { socket: taker } = socket.accept();
  fs.unlinkSync(path); // Closing a unix socket leaves its name in the file system.

  // SCM_RIGHTS goes beside the data, and needs at least one byte of them to go with.
  taker.sendMsg({ data: Buffer.from('!'), control: [{ type: 'rights', fds: [fd] }] });
  taker.close();
  fs.closeSync(fd);
} else if (role === 'take' && path) {
  socket.connect({ path });
  const { control } = socket.recvMsg(1);
  const rights = control.find((message) => message.type === 'rights');
  if (!rights) throw new Error('no descriptor came');

  // The kernel has opened these descriptors for us, so it is for us to close them.
  for (const fd of rights.fds) {
    process.stdout.write(fs.readFileSync(fd));
    fs.closeSync(fd);
  }
} else {
  console.error('usage: pass-file.mjs give SOCKET FILE | take SOCKET');
  process.exitCode = 2;
}
socket.close();
