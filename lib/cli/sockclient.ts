// sockclient: sends standard input to a server, byte for byte.
import { exitStatus, readArguments, startTrace } from './command.js';
import { UsageError } from './arguments.js';
import { connect } from './connect.js';
import { lazy } from './lazy.js';
import { Meter } from './meter.js';
import { parsePort } from './port.js';
import { Failure, failureText, plural, say } from './report.js';
import { COMMON_OPTIONS, TRACE_OPTION, type CommandSpec, type Values } from './spec.js';
import { readSome, statOf } from './stdio.js';
import * as sys from '../sys.js';
import { Transfer } from './transfer.js';

const NAME = 'sockclient';

export const spec = {
  name: NAME,
  summary:
    'Sends standard input to a server over TCP, byte for byte, as one message: it connects, sends until the end of its input, and makes sure that the other side has all of it.',
  operands: [
    { name: 'HOST', help: "The server's IP address or name." },
    { name: 'PORT', help: "The server's port, 1 to 65535." },
  ],
  options: {
    timeout: {
      kind: 'time',
      short: 'w',
      value: 'TIME',
      min: 1,
      max: 2 ** 31 - 1,
      help: 'The longest wait for the server in any one step: to connect, to take more bytes, to confirm the last ones (default: for ever).',
    },
    chunk: {
      kind: 'size',
      value: 'SIZE',
      default: 65536,
      min: 1,
      max: 64 * 2 ** 20,
      help: 'How much to read and send at a time.',
    },
    progress: {
      kind: 'flag',
      help: 'Show progress on stderr from the start; on a terminal long input shows it anyway.',
    },
    ...TRACE_OPTION,
    ...COMMON_OPTIONS,
  },
  examples: [
    'sockclient 127.0.0.1 5000 < message.bin',
    "echo 'Go Tigers!' | sockclient localhost 5000",
  ],
  notes: [
    "Exit status: 0 when the server's system has acknowledged every byte and the end of the message, 1 when the system refused something, 2 for a wrong command line. What the server sends back is read and thrown away.",
  ],
} as const satisfies CommandSpec;

/** Runs the command; the result is its exit status. */
export function main(argv: readonly string[]): number {
  const read = readArguments(spec, argv);
  if (typeof read === 'number') return read;
  try {
    const [host = '', portText = ''] = read.operands;
    if (host === '') throw new UsageError('the host is empty');
    const port = parsePort(portText, 1);
    if (typeof port === 'string') throw new UsageError(port);
    startTrace(read.values.trace);
    sendInput(host, port, read.values);
    return 0;
  } catch (error) {
    return exitStatus(NAME, error);
  }
}

function sendInput(host: string, port: number, options: Values<typeof spec>): void {
  if (statOf(0)?.isDirectory() === true) throw inputFailure('EISDIR');
  const { fd, where } = connect(host, port, options.timeout);
  if (options.verbose) say(NAME, `connected to ${where}`);
  const meter = new Meter(NAME, options.progress, options.trace === null);
  const transfer = new Transfer({
    fd,
    where,
    timeoutMs: options.timeout,
    total: () => meter.total(),
    onProgress: meter.watched()
      ? (bytesSent) => {
          meter.tick(bytesSent);
        }
      : null,
  });
  const chunk = Buffer.allocUnsafeSlow(options.chunk);
  try {
    for (;;) {
      const count = readInput(chunk);
      if (count === 0) break;
      meter.bytesRead += count;
      transfer.sendAll(chunk.subarray(0, count));
    }
    transfer.finish();
  } catch (error) {
    meter.stop(transfer.bytesSent);
    transfer.abort();
    throw error;
  }
  sys.close(fd);
  meter.stop(transfer.bytesSent);
  if (options.verbose) say(NAME, summary(transfer));
}

function summary({ bytesSent, bytesDiscarded }: Transfer): string {
  const replies =
    bytesDiscarded === 0 ? '' : `; ${plural(bytesDiscarded, 'byte')} of replies discarded`;
  return `${plural(bytesSent, 'byte')} sent and acknowledged${replies}`;
}

function readInput(chunk: Uint8Array): number {
  try {
    return readSome(0, chunk);
  } catch (error) {
    throw inputFailure((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

function inputFailure(code: string): Failure {
  return new Failure(
    failureText('read', 'stdin', code) + lazy.remedies().remedy({ syscall: 'read', code }),
  );
}
