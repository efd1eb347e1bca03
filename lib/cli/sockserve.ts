// sockserve: prints the messages that arrive on a port, byte for byte.
import { UsageError } from './arguments.js';
import { exitStatus, readArguments, startTrace } from './command.js';
import { parsePort } from './port.js';
import { serve } from './serve.js';
import { COMMON_OPTIONS, TRACE_OPTION, type CommandSpec } from './spec.js';

const NAME = 'sockserve';

export const spec = {
  name: NAME,
  summary:
    'Prints every message that arrives on a TCP port to standard output, byte for byte. A message is all that one connection sends until it shuts down its sending side. Any number of clients are served at once, one thread for each, and no message is ever mixed with another.',
  operands: [
    { name: 'PORT', help: 'The port to listen on; 0 picks a free one and says which on stderr.' },
  ],
  options: {
    host: {
      kind: 'text',
      value: 'HOST',
      help: 'The address to listen on (default: all, IPv6 and IPv4).',
    },
    backlog: {
      kind: 'count',
      value: 'N',
      default: 10,
      max: 2 ** 31 - 1,
      help: 'The length of the queue of connections that are not accepted yet.',
    },
    live: {
      kind: 'flag',
      help: 'Print chunks as they arrive rather than whole messages; the default on a terminal.',
    },
    raw: {
      kind: 'flag',
      help: 'On a terminal, print control characters as they are rather than as \\xNN.',
    },
    spool: {
      kind: 'size',
      value: 'SIZE',
      default: 4 * 2 ** 30,
      help: 'The most that long messages which wait for their turn may take on disk.',
    },
    'spool-dir': {
      kind: 'text',
      value: 'DIR',
      help: 'Where they wait (default: $TMPDIR, else /var/tmp).',
    },
    stall: {
      kind: 'time',
      value: 'TIME',
      default: 5000,
      max: 2 ** 31 - 1,
      help: 'A long message that is being printed while others wait, and that does not bring 1 MiB in this time, is split; 0 = never.',
    },
    'max-connections': {
      kind: 'count',
      value: 'N',
      default: 1024,
      min: 1,
      max: 2 ** 31 - 1,
      help: 'The most connections, and threads, at once.',
    },
    'idle-timeout': {
      kind: 'time',
      value: 'TIME',
      max: 2 ** 31 - 1,
      help: 'End a connection that sends nothing for so long (default: never).',
    },
    ...TRACE_OPTION,
    ...COMMON_OPTIONS,
  },
  examples: ['sockserve 5000 > received.bin', 'sockserve --host 127.0.0.1 --verbose 0'],
  notes: [
    'It runs until SIGINT, SIGTERM or SIGHUP; then it prints everything that has arrived and dies of that signal. A second signal ends it at once.',
    'Exit status: 1 when the system refused something, 2 for a wrong command line.',
  ],
} as const satisfies CommandSpec;

/** Runs the command; the result is its exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const read = readArguments(spec, argv);
  if (typeof read === 'number') return read;
  try {
    const port = parsePort(read.operands[0] ?? '', 0);
    if (typeof port === 'string') throw new UsageError(port);
    startTrace(read.values.trace);
    return await serve(NAME, port, read.values);
  } catch (error) {
    return exitStatus(NAME, error);
  }
}
