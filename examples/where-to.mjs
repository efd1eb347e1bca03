// Says where each UDP datagram was sent to, and on which interface it came in, and answers from that
// very address. A server that is bound to all addresses cannot know either without IP_PKTINFO.
//
//   node examples/where-to.mjs 5000             0.0.0.0, or give an address: node ... 5000 ::
//   echo hello | nc -u -w1 127.0.0.2 5000       in another terminal
import { constants, Socket } from 'sockkit';
import * as sys from 'sockkit/sys';

const { AF_INET, AF_INET6, SOCK_DGRAM } = constants;
const [, , port = '5000', address = '0.0.0.0'] = process.argv;
const isV6 = address.includes(':');

const socket = new Socket(isV6 ? AF_INET6 : AF_INET, SOCK_DGRAM);
socket.setOption(isV6 ? 'ipv6RecvPktInfo' : 'ipPktInfo', true);
socket.bind({ address, port: Number(port) });
console.error(`port ${socket.localAddress.port}`);

for (;;) {
  const { data, address: sender, control } = socket.recvMsg(65536);
  const info = control.find((message) => message.type === 'pktinfo');
  const on = sys.if_indextoname(info.ifindex);
  const text = `${data.length} bytes from ${sender.address} to ${info.address} on ${on}`;
  console.log(text);

  // What was received says where from when it is sent: without it, the answer comes from whatever
  // address the routes prefer, and a client that asked another one drops it.
  socket.sendMsg({ data: Buffer.from(`${text}\n`), address: sender, control: [info] });
}
