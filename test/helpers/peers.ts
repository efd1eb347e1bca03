// Servers for sockclient to talk to, in the test's own process.
import { once } from 'node:events';
import * as net from 'node:net';

const open = new Set<Peer>();

export class Peer {
  readonly sockets: net.Socket[] = [];
  private constructor(
    private readonly server: net.Server,
    readonly port: number,
  ) {
    open.add(this);
  }

  static async listen(
    onConnection: (socket: net.Socket) => void,
    host = '127.0.0.1',
    port = 0,
  ): Promise<Peer> {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.listen(port, host);
    await once(server, 'listening');
    const peer = new Peer(server, (server.address() as net.AddressInfo).port);
    server.on('connection', (socket) => {
      peer.sockets.push(socket);
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    return peer;
  }

  close(): void {
    open.delete(this);
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** For afterEach. */
export function closePeers(): void {
  for (const peer of open) peer.close();
}

/** Collects each connection's bytes to the end. With `close`, it then closes its own side. */
export async function collector({ close = true, host = '127.0.0.1', port = 0 } = {}) {
  const messages: Promise<Buffer>[] = [];
  const arrived: { first?: (chunk: Buffer) => void } = {};
  const firstChunk = new Promise<Buffer>((resolve) => (arrived.first = resolve));
  const peer = await Peer.listen(
    (socket) => {
      const chunks: Buffer[] = [];
      const message = new Promise<Buffer>((resolve) => {
        socket.on('data', (chunk) => {
          arrived.first?.(chunk);
          chunks.push(chunk);
        });
        socket.on('end', () => {
          resolve(Buffer.concat(chunks));
          if (close) socket.end();
        });
      });
      messages.push(message);
      socket.resume();
    },
    host,
    port,
  );
  return { port: peer.port, peer, messages, firstChunk };
}
