// Clients in the test's own process, which do what sockclient would not: stay silent, reset, send
// half a message, be two thousand.
import { once } from 'node:events';
import * as net from 'node:net';

const open = new Set<Client>();

export class Client {
  readonly port: number;
  /** How the connection ended: 'end', or an error's code. */
  readonly closed: Promise<string>;
  private constructor(private readonly socket: net.Socket) {
    this.port = socket.localPort ?? 0;
    open.add(this);
    this.closed = new Promise((resolve) => {
      let reason = 'end';
      socket.on('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
      socket.on('close', () => {
        open.delete(this);
        resolve(reason);
      });
    });
    // Nothing comes, but the end is seen only where the socket is read.
    socket.resume();
  }

  /** Where `target` is a number it is a port of this machine. */
  static async connect(target: number | net.NetConnectOpts): Promise<Client> {
    const socket = net.connect(
      typeof target === 'number' ? { port: target, host: '127.0.0.1' } : target,
    );
    await once(socket, 'connect');
    return new Client(socket);
  }

  /** A client that has sent this much. */
  static async sending(target: number | net.NetConnectOpts, data: string | Uint8Array) {
    const client = await Client.connect(target);
    await client.write(data);
    return client;
  }

  /** Returns when the system has taken all of it. */
  async write(data: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
    const chunks = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
    for (const chunk of chunks) {
      await new Promise<void>((resolve, reject) => {
        this.socket.write(chunk, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
    }
  }

  /** Ends the message and waits until the server has closed: then the message is printed. */
  end(data: string | Uint8Array = ''): Promise<string> {
    this.socket.end(data);
    return this.closed;
  }

  /** Ends the connection by a reset. */
  reset(): Promise<string> {
    this.socket.resetAndDestroy();
    return this.closed;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Sends one message and returns when the server has closed, with how it did. */
export async function sendMessage(
  target: number | net.NetConnectOpts,
  data: string | Uint8Array,
): Promise<string> {
  const client = await Client.connect(target);
  return client.end(data);
}

/** For afterEach. */
export function closeClients(): void {
  for (const client of open) client.destroy();
}
