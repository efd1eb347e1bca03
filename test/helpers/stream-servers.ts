// Servers with handlers, and clients that say what they see; all of them end with the test.
import { once } from 'node:events';
import * as net from 'node:net';
import {
  type Connection,
  type ConnectionHandler,
  createServer,
  type Server,
  type ServerOptions,
} from 'sockkit';
import { ipName } from './net.js';

const servers = new Set<Server>();
const clients = new Set<net.Socket>();

// With a queue that many clients at once overflow, Linux resets some of them.
export function makeStreamServer(handler: ConnectionHandler, options: ServerOptions = {}): Server {
  const server = createServer({ backlog: 1024, ...options }, handler);
  servers.add(server);
  return server;
}

/** On the loopback. */
export async function serve(handler: ConnectionHandler, options?: ServerOptions) {
  const server = makeStreamServer(handler, options);
  const { port } = ipName(await server.listen({ port: 0, host: '127.0.0.1' }));
  return { server, port };
}

export const echo: ConnectionHandler = async (connection) => {
  for await (const chunk of connection) await connection.sendAll(chunk);
};

/** A client that is connected, and ends only when it is told to. */
export async function connect(target: number | net.NetConnectOpts): Promise<net.Socket> {
  const options = typeof target === 'number' ? { port: target, host: '127.0.0.1' } : target;
  const client = net.connect({ ...options, allowHalfOpen: true } as net.NetConnectOpts);
  clients.add(client);
  client.on('error', () => undefined);
  client.on('close', () => clients.delete(client));
  await once(client, 'connect');
  return client;
}

/** All that comes until the end, or the code of the error that ends it. */
export function received(client: net.Socket): Promise<Buffer | string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.resume();
    client.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    client.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
  });
}

/** Sends, ends, and gives all that comes back. */
export async function exchange(
  target: number | net.NetConnectOpts,
  data: string | Uint8Array,
): Promise<Buffer | string> {
  const client = await connect(target);
  const answer = received(client);
  client.end(data);
  return answer;
}

/** For afterEach. */
export async function closeStreamServers(): Promise<void> {
  for (const client of clients) client.destroy();
  await Promise.all(Array.from(servers, (server) => server.close({ force: true })));
  for (const server of servers) {
    const { open, threads, memoryBytes } = server.stats();
    expect({ open, threads, memoryBytes, served: server.connections }).toEqual({
      ...{ open: 0, threads: 0, memoryBytes: 0, served: 0 },
    });
  }
  servers.clear();
  clients.clear();
}

/** A handler that hands its connection over, and the next connections in their order. */
export function handed(): { handler: ConnectionHandler; next: () => Promise<Connection> } {
  const waiting: ((connection: Connection) => void)[] = [];
  const come: Connection[] = [];
  return {
    handler: (connection) => {
      const resolve = waiting.shift();
      if (resolve === undefined) come.push(connection);
      else resolve(connection);
      return new Promise<void>(() => undefined);
    },
    next: () => {
      const connection = come.shift();
      if (connection !== undefined) return Promise.resolve(connection);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
