// Prints the UDP datagrams that pass the loopback interface to one port. A BPF program decides in the
// kernel which packets we get, so the others cost nothing. Needs root (CAP_NET_RAW).
//
//   sudo node examples/sniff.mjs 5000
//   echo hello | nc -u -w1 127.0.0.1 5000       in another terminal
import { constants, Socket } from 'sockkit';
import * as sys from 'sockkit/sys';

const { AF_PACKET, SOCK_DGRAM } = constants;
const ETH_P_IP = 0x0800; // What comes in; with ETH_P_ALL (3) we would see it go out as well.
const port = Number(process.argv[2] ?? 5000);

// Classic BPF: `tcpdump -dd` prints such programs. SOCK_DGRAM packets begin with the IP header, and
// the loads are big-endian, as packets are.
const [LDB_ABS, LDH_ABS, LDH_IND, LDX_IP_HEADER] = [0x30, 0x28, 0x48, 0xb1];
const [JEQ, JSET, RET] = [0x15, 0x45, 0x06];
const program = [
  { code: LDB_ABS, jt: 0, jf: 0, k: 9 }, //        0: A = the protocol
  { code: JEQ, jt: 0, jf: 6, k: 17 }, //           1: is it UDP? if not, to 8
  { code: LDH_ABS, jt: 0, jf: 0, k: 6 }, //        2: A = flags and fragment offset
  { code: JSET, jt: 4, jf: 0, k: 0x1fff }, //      3: a later fragment has no port: to 8
  { code: LDX_IP_HEADER, jt: 0, jf: 0, k: 0 }, //  4: X = the length of the IP header
  { code: LDH_IND, jt: 0, jf: 0, k: 2 }, //        5: A = the destination port, at X + 2
  { code: JEQ, jt: 0, jf: 1, k: port }, //         6: is it ours? if not, to 8
  { code: RET, jt: 0, jf: 0, k: 65535 }, //        7: keep that many bytes of it
  { code: RET, jt: 0, jf: 0, k: 0 }, //            8: keep nothing
];

// Protocol 0 receives nothing yet: what came between socket() and the filter would be unfiltered.
const socket = new Socket(AF_PACKET, SOCK_DGRAM, 0);
socket.setOption('attachFilter', program);
socket.bind({ family: 'packet', ifindex: sys.if_nametoindex('lo'), protocol: ETH_P_IP });
console.error(`watching UDP port ${port}`);

for (;;) {
  const { data: packet } = socket.recvFrom(65536);
  const headerBytes = (packet[0] & 15) * 4;
  const source = [...packet.subarray(12, 16)].join('.');
  const destination = [...packet.subarray(16, 20)].join('.');
  const sourcePort = packet.readUInt16BE(headerBytes);
  const text = packet.toString('utf8', headerBytes + 8);
  console.log(`${source}:${sourcePort} > ${destination}:${port} ${JSON.stringify(text)}`);
}
