// Sockets of promises for the tests: what is made here is closed by closeAsync().
import { constants as c } from 'sockkit';
import { Socket } from 'sockkit/promises';
import { openQuestions } from './inside.js';
import { KINDS, type SocketKind } from './sockets.js';

const open = new Set<Socket>();

export function own(socket: Socket): Socket {
  open.add(socket);
  return socket;
}

/** For afterEach: nobody waits for anything any more when a test is over. */
export function closeAsync(): void {
  for (const socket of open) socket.close();
  open.clear();
  if (openQuestions() !== 0) throw new Error(`${openQuestions()} waits were left behind`);
}

export function make(kind: SocketKind): Socket {
  const [domain, type, protocol] = KINDS[kind];
  return own(new Socket(domain, type, protocol));
}

export function listening(kind: SocketKind = 'tcp4', backlog = 10): Socket {
  const socket = make(kind);
  const [family] = KINDS[kind];
  if (family === c.AF_UNIX) socket.bind({ path: '' });
  else socket.bind({ address: family === c.AF_INET6 ? '::1' : '127.0.0.1', port: 0 });
  socket.listen(backlog);
  return socket;
}

/** Two ends of a connection: the one that connected, and the one that was accepted. */
export async function connected(kind: SocketKind = 'tcp4'): Promise<[Socket, Socket]> {
  const server = listening(kind);
  const client = make(kind);
  const [{ socket }] = await Promise.all([server.accept(), client.connect(server.localAddress)]);
  server.close();
  return [client, own(socket)];
}

/** Two ends of a unix socket. */
export function pair(type = c.SOCK_STREAM): [Socket, Socket] {
  const [one, other] = Socket.pair(c.AF_UNIX, type);
  return [own(one), own(other)];
}

/** Sends until there is no room. */
export async function fill(socket: Socket): Promise<number> {
  const chunk = Buffer.alloc(65536, 'x');
  for (let total = 0; ;) {
    const sent = await socket.send(chunk, c.MSG_DONTWAIT).catch(() => 0);
    if (sent === 0) return total;
    total += sent;
  }
}

/** What the promise is rejected with; that it is not is a failure. */
export async function rejection(
  promise: Promise<unknown>,
): Promise<Error & Record<string, unknown>> {
  const value = await promise.then(
    () => null,
    (error: unknown) => error as Error & Record<string, unknown>,
  );
  if (value === null) throw new Error('it was not rejected');
  return value;
}

/** Lets everything that is ready happen, and some more time pass than that takes. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
