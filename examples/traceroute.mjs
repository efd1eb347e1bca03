// traceroute without root. A datagram whose TTL is 1 dies at the first router, one with 2 at the second,
// and each router says so by ICMP. With IP_RECVERR, Linux hands these messages to whoever has sent the
// datagram, so no raw socket is needed. See ip(7).
//
//   node examples/traceroute.mjs localhost
import { constants, Socket } from 'sockkit';
import * as sys from 'sockkit/sys';

const { AF_INET6, MSG_ERRQUEUE, POLLERR, SOCK_DGRAM } = constants;
const MOST_HOPS = 30;
const PATIENCE_MS = 1000;
const FIRST_PORT = 33434; // Ports that nobody is likely to use, from here on.

const [, , host] = process.argv;
if (!host) {
  console.error('usage: traceroute.mjs HOST');
  process.exit(2);
}

const [{ family, address }] = sys.getaddrinfo(host, FIRST_PORT, { type: SOCK_DGRAM });
const isV6 = family === AF_INET6;
const socket = new Socket(family, SOCK_DGRAM);
socket.setOption(isV6 ? 'ipv6RecvErr' : 'ipRecvErr', true);

/** Sends one probe and waits for what is said about it; null where nobody says anything. */
function probe(ttl) {
  const port = FIRST_PORT + ttl;
  socket.setOption(isV6 ? 'ipv6UnicastHops' : 'ipTtl', ttl);
  const start = performance.now();
  const giveUp = start + PATIENCE_MS;
  const send = () => socket.sendTo(Buffer.from('sockkit'), { ...address, port });
  try {
    send();
  } catch {
    send(); // The first time it may tell of an earlier probe, if the answer to that came late.
  }
  for (;;) {
    // Errors are told without being asked for, so there are no events to name. Reading the error queue
    // never waits, which is why we poll first.
    const left = Math.max(0, Math.ceil(giveUp - performance.now()));
    const [ready] = sys.poll([{ fd: socket.fd, events: 0 }], left);
    if (!ready || !(ready.revents & POLLERR)) return null;
    const ms = performance.now() - start;
    const { address: sentTo, control } = socket.recvMsg(512, { flags: MSG_ERRQUEUE });
    const error = control.find((message) => message.type === 'recverr');
    // An answer to an earlier probe may come late: the queue says which datagram it is about.
    if (error && sentTo.port === port) return { error, ms };
  }
}

console.log(`to ${host} (${address.address}), ${MOST_HOPS} hops at most`);
for (let ttl = 1; ttl <= MOST_HOPS; ttl++) {
  const answer = probe(ttl);
  if (!answer) {
    console.log(`${ttl}  *`);
    continue;
  }
  const { error, ms } = answer;
  console.log(`${ttl}  ${error.offender?.address ?? 'this machine'}  ${ms.toFixed(3)} ms`);

  // EHOSTUNREACH of a router, because the time to live was over, means: on to the next one. That the
  // port is refused means that we have arrived.
  const timeExceeded = isV6 ? 3 : 11;
  if (error.icmpType === timeExceeded && error.origin.startsWith('icmp')) continue;
  if (error.code !== 'ECONNREFUSED') console.log(`ended by ${error.code}`);
  break;
}
socket.close();
