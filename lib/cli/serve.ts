// The life of a server: listen, say what there is to say, drain at a signal.
import {
  createMessageServer,
  type MessageEvent,
  type MessageServer,
  type MessageServerStats,
} from '../message-server.js';
import type { Address } from '../address.js';
import type { SocketError } from '../errors.js';
import { UsageError } from './arguments.js';
import { EXIT_REFUSED } from './command.js';
import { dieOf } from './die.js';
import { lazy } from './lazy.js';
import { endpoint, errorText, Failure, failureText, plural, say } from './report.js';
import type { Values } from './spec.js';
import type { spec } from './sockserve.js';
import { isTerminal, sameFile } from './stdio.js';

const STDOUT = 1;
const STDERR = 2;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type ServeOptions = Values<typeof spec>;

/** Serves until a signal or an error; the result is the exit status. */
export async function serve(command: string, port: number, options: ServeOptions): Promise<number> {
  const server = makeServer(options);
  const speak = speaker(command, server);
  const errors: SocketError[] = [];
  // Before listen(): whoever sees the port open may send a signal.
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    onFirstSignal(resolve);
    server.on('error', (error) => {
      errors.push(error);
      resolve(null);
    });
  });
  server.on('warning', ({ message }) => {
    speak(message);
  });
  // A listener costs a call into JavaScript for each message.
  if (options.verbose)
    server.on('message', (event) => {
      speak(messageText(event));
    });
  const address = await listen(server, port, options.host);
  if (port === 0 || options.verbose || isTerminal(STDERR)) {
    speak(listeningText(address, options.host));
  }
  const signal = await ended;
  const stats = await server.close();
  // The drain can fail too: only now is it known whether everything was printed.
  const error = errors[0];
  for (const line of lastWords(stats, error, options.verbose)) say(command, line);
  return signal === null || error !== undefined ? EXIT_REFUSED : dieOf(signal);
}

function makeServer(options: ServeOptions): MessageServer {
  const onTerminal = isTerminal(STDOUT);
  return createMessageServer({
    output: STDOUT,
    mode: options.live || onTerminal ? 'live' : 'whole',
    escape: onTerminal && !options.raw,
    backlog: options.backlog,
    maxConnections: options['max-connections'],
    spoolBytes: options.spool,
    stallMs: options.stall,
    idleTimeoutMs: options['idle-timeout'] ?? 0,
    ...(options['spool-dir'] === null ? {} : { spoolDirectory: options['spool-dir'] }),
  });
}

/**
 * Says a line on stderr. Where that is stdout's file too, the line waits for the end of the message
 * that is being printed.
 */
function speaker(command: string, server: MessageServer): (text: string) => void {
  if (!sameFile(STDOUT, STDERR))
    return (text) => {
      say(command, text);
    };
  return (text) => {
    server.aside(`${command}: ${text}\n`);
  };
}

/** From then on the signals have their default effect, so that a second one ends us at once. */
function onFirstSignal(heard: (signal: NodeJS.Signals) => void): void {
  const onSignal = (signal: NodeJS.Signals) => {
    for (const name of SIGNALS) process.removeListener(name, onSignal);
    heard(signal);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
}

async function listen(server: MessageServer, port: number, host: string | null): Promise<Address> {
  try {
    return await server.listen(host === null ? { port } : { port, host });
  } catch (error) {
    const { code = '', syscall, address } = error as Partial<SocketError>;
    if (code === 'ERR_INVALID_IP_ADDRESS') {
      throw new UsageError(`--host '${host ?? ''}' is not an IP address`);
    }
    if (syscall === undefined) throw error;
    const places: Record<string, string> = { getaddrinfo: host ?? '', write: 'stdout' };
    const where = places[syscall] ?? endpoint(address ?? host ?? '', port);
    const why = lazy.remedies().remedy({ syscall, code, port });
    throw new Failure(failureText(syscall, where, code) + why);
  }
}

function listeningText(address: Address, host: string | null): string {
  const port = address.port ?? 0;
  return `listening on ${host === null ? '' : `${host}, `}port ${port}`;
}

function messageText({ remoteAddress, bytes, outcome, lost, error }: MessageEvent): string {
  const why = error === undefined ? '' : `: ${errorText(error.code)}`;
  const loss = lost === 0 ? '' : `, ${plural(lost, 'byte')} lost`;
  return `${peerText(remoteAddress)}: ${plural(bytes, 'byte')}, ${outcome}${why}${loss}`;
}

function peerText(peer: Address): string {
  return peer.port === undefined ? 'a client' : endpoint(peer.address, peer.port);
}

function* lastWords(stats: MessageServerStats, error: SocketError | undefined, verbose: boolean) {
  if (stats.cuts > 0) {
    const [were, their] = stats.cuts === 1 ? ['was', 'its'] : ['were', 'their'];
    const printed = error === undefined ? '; what had arrived is printed' : '';
    yield `${plural(stats.cuts, 'connection')} ${were} cut before ${their} message ended${printed}`;
  }
  if (stats.eventsDropped > 0) {
    yield `${plural(stats.eventsDropped, 'warning')} could not be told, for want of memory`;
  }
  if (error !== undefined) {
    const where = error.syscall === 'write' ? 'stdout' : '';
    const text = failureText(error.syscall, where, error.code);
    const lost = `${plural(stats.bytesLost, 'byte')} of ${plural(stats.messagesLost, 'message')}`;
    yield error.syscall === 'write' ? `${text}, ${lost} could not be written` : text;
  }
  if (verbose) {
    yield (
      `${plural(stats.messages, 'message')} from ${plural(stats.connections, 'connection')}, ` +
      `${plural(stats.bytesIn, 'byte')} received, ${plural(stats.bytesOut, 'byte')} printed`
    );
  }
}
