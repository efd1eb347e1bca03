// Message servers in the test's own process, which end with the test.
import type { EventEmitter } from 'node:events';
import { createMessageServer, type MessageEvent, type MessageServer } from 'sockkit';
import type { MessageServerOptions, MessageServerWarning } from 'sockkit';

const servers = new Set<MessageServer>();

export function makeServer(options: MessageServerOptions): MessageServer {
  const server = createMessageServer(options);
  servers.add(server);
  return server;
}

export async function listeningServer(options: MessageServerOptions) {
  const server = makeServer(options);
  const address = await server.listen({ port: 0, host: '127.0.0.1' });
  if (address.port === undefined) throw new Error('not an IP address');
  return { server, port: address.port };
}

/** For afterEach. */
export async function closeServers(): Promise<void> {
  await Promise.all(Array.from(servers, (server) => server.close()));
  servers.clear();
}

/** The next events of that name, as many as are asked for. */
export function collect<T>(server: EventEmitter, name: string, count = 1): Promise<T[]> {
  return new Promise((resolve) => {
    const seen: T[] = [];
    server.on(name, (event: T) => {
      if (seen.push(event) === count) resolve(seen);
    });
  });
}

export const messagesOf = (server: MessageServer, count = 1) =>
  collect<MessageEvent>(server, 'message', count);

export const warningsOf = (server: MessageServer, count = 1) =>
  collect<MessageServerWarning>(server, 'warning', count);
