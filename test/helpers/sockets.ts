// Socket objects for the tests: what is made here is closed by closeSockets().
import { constants as c, Socket } from 'sockkit';

const open = new Set<Socket>();

/** No wait of a test is for ever: one that blocks its own thread could not be ended otherwise. */
const LONGEST_WAIT_MS = 10_000;

export function own(socket: Socket): Socket {
  open.add(socket);
  if (!socket.closed && socket.timeoutMs === 0) socket.setTimeout(LONGEST_WAIT_MS);
  return socket;
}

/** For afterEach. */
export function closeSockets(): void {
  for (const socket of open) socket.close();
  open.clear();
}

/** Kinds of sockets, by the names that the tables of the tests use. */
export const KINDS = {
  tcp4: [c.AF_INET, c.SOCK_STREAM, 0],
  udp4: [c.AF_INET, c.SOCK_DGRAM, 0],
  raw4: [c.AF_INET, c.SOCK_RAW, c.IPPROTO_ICMP],
  tcp6: [c.AF_INET6, c.SOCK_STREAM, 0],
  udp6: [c.AF_INET6, c.SOCK_DGRAM, 0],
  raw6: [c.AF_INET6, c.SOCK_RAW, c.IPPROTO_ICMPV6],
  unix: [c.AF_UNIX, c.SOCK_STREAM, 0],
  unixDgram: [c.AF_UNIX, c.SOCK_DGRAM, 0],
  unixSeqpacket: [c.AF_UNIX, c.SOCK_SEQPACKET, 0],
  packet: [c.AF_PACKET ?? -1, c.SOCK_RAW, 0],
} as const satisfies Record<string, readonly [number, number, number]>;

export type SocketKind = keyof typeof KINDS;

export function make(kind: SocketKind): Socket {
  const [domain, type, protocol] = KINDS[kind];
  return own(new Socket(domain, type, protocol));
}

/** A listener on the loopback, or under a unix name that the system has made up. */
export function listening(kind: SocketKind = 'tcp4', backlog = 10): Socket {
  const socket = make(kind);
  const [family] = KINDS[kind];
  if (family === c.AF_UNIX) socket.bind({ path: '' });
  else socket.bind({ address: family === c.AF_INET6 ? '::1' : '127.0.0.1', port: 0 });
  socket.listen(backlog);
  return socket;
}

/** Two ends of a connection: the one that connected, and the one that was accepted. */
export function connected(kind: SocketKind = 'tcp4'): [Socket, Socket] {
  const server = listening(kind);
  const client = make(kind);
  client.connect(server.localAddress);
  const accepted = own(server.accept().socket);
  server.close();
  return [client, accepted];
}

export const isRoot = process.getuid?.() === 0;
