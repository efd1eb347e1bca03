// Watches TCP work while it sends: what the kernel knows of a connection is in TCP_INFO.
//
//   sockserve 5000 > /dev/null                     or: nc -l 5000 > /dev/null
//   node examples/watch-tcp.mjs 127.0.0.1 5000     in another terminal; add a number of MiB for more
import { constants, createConnection } from 'sockkit';

const [, , host, port, mebibytes = '16'] = process.argv;
if (!host || !port) {
  console.error('usage: watch-tcp.mjs HOST PORT [MEBIBYTES]');
  process.exit(2);
}

const total = Number(mebibytes) * 1024 * 1024;
const chunk = Buffer.alloc(65536, 'x');
const socket = createConnection({ host, port: Number(port) });

// Bytes that send() took, those of them that wait in this machine, and those that the peer's TCP has
// acknowledged (SYN and FIN count one each); the time to the peer and back; the congestion window,
// which is how many packets may be on their way at once; packets that were sent again.
console.log('     given    unsent     acked  rtt ms  window  retransmitted  state');

function sample(given) {
  const info = socket.getOption('tcpInfo');
  const row = [
    String(given).padStart(10),
    String(info.notsentBytes ?? '?').padStart(10),
    String(info.bytesAcked ?? '?').padStart(10),
    (info.rttUs / 1000).toFixed(3).padStart(8),
    String(info.sndCwnd).padStart(8),
    String(info.totalRetrans).padStart(15),
  ];
  console.log(`${row.join('')}  ${info.state}`);
}

sample(0);
let given = 0;
for (let next = total / 8; given < total;) {
  given += socket.send(chunk.subarray(0, Math.min(chunk.length, total - given)));
  if (given < next) continue;
  sample(given);
  next += total / 8;
}

// What send() has taken may still wait in this machine. The end of what the peer sends, after ours,
// tells that it has read to the end.
socket.shutdown(constants.SHUT_WR);
while (socket.recv(65536).length > 0);
sample(given);
socket.close();
