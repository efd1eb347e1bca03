// The message server's options: their defaults and their checks.
import { fstatSync } from 'node:fs';
import { SocketError } from './errors.js';
import {
  checkBoolean,
  checkFd,
  checkInteger,
  checkObject,
  typeError,
  valueError,
} from './validate.js';

/** Where messages are printed, and how much the server may hold. */
export interface MessageServerOptions {
  /** The descriptor that messages are printed to; borrowed, never closed, its flags never changed. */
  output: number;
  /** Whole messages, one after another, or chunks as they arrive. Default: `whole`. */
  mode?: 'whole' | 'live';
  /** In live mode, control characters are shown as \xNN, so that a peer cannot send escape
   * sequences to a terminal. Default: false. */
  escape?: boolean;
  /** A message of up to 16 KiB and this many bytes is held in memory. Default: 1 MiB. */
  holdBytes?: number;
  /** What all messages may hold together; short ones get in nevertheless. Default: 64 MiB. */
  memoryBytes?: number;
  /** What long messages that wait for their turn may take on disk together. Default: 4 GiB. */
  spoolBytes?: number;
  /** Where the spool's files are, which have no names. Default: `$TMPDIR`, else `/var/tmp`. */
  spoolDirectory?: string;
  /** A message that is being printed while others wait must bring 1 MiB in each such time of
   * waiting for it, or it is split; 0 = for ever. Default: 5000. */
  stallMs?: number;
  /** A connection that sends nothing for so long while the server reads is ended; 0 = never.
   * Default: 0. */
  idleTimeoutMs?: number;
  /** Connections that may wait in the kernel's queue. Default: 10. */
  backlog?: number;
  /** Connections, and threads, at once; more wait in the queue. Default: 1024. */
  maxConnections?: number;
}

const MiB = 2 ** 20;
const INT32_MAX = 2 ** 31 - 1;
const MOST = Number.MAX_SAFE_INTEGER;

// Least and most of the numbers, and what stands where none is given.
const NUMBERS = {
  holdBytes: [0, MOST, MiB],
  memoryBytes: [0, MOST, 64 * MiB],
  spoolBytes: [0, MOST, 4096 * MiB],
  stallMs: [0, INT32_MAX, 5000],
  idleTimeoutMs: [0, INT32_MAX, 0],
  backlog: [-INT32_MAX, INT32_MAX, 10],
  maxConnections: [1, 1_000_000, 1024],
} as const satisfies Partial<Record<keyof MessageServerOptions, readonly [number, number, number]>>;

/** The options with every default filled in, or the error that says what is wrong with them. */
export function readOptions(options: unknown): Required<MessageServerOptions> {
  checkObject('options', options);
  const given = options as MessageServerOptions;
  const { output, mode = 'whole', escape = false, spoolDirectory = spoolDefault() } = given;
  checkFd(output, 'options.output');
  checkOpen(output);
  if (!['whole', 'live'].includes(mode)) {
    throw valueError('options.mode', mode, "must be 'whole' or 'live'");
  }
  checkBoolean('options.escape', escape);
  if (typeof spoolDirectory !== 'string') {
    throw typeError('options.spoolDirectory', 'of type string', spoolDirectory);
  }
  if (spoolDirectory.includes('\0')) {
    throw valueError('options.spoolDirectory', spoolDirectory, 'must not contain a NUL');
  }
  return { output, mode, escape, spoolDirectory, ...readNumbers(given) };
}

function readNumbers(options: MessageServerOptions): Record<keyof typeof NUMBERS, number> {
  const numbers = {} as Record<keyof typeof NUMBERS, number>;
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    const [least, most, fallback] = NUMBERS[name];
    const value: unknown = options[name] ?? fallback;
    checkInteger(`options.${name}`, value, least, most);
    numbers[name] = value;
  }
  return numbers;
}

/** A number that is no open descriptor now could be a socket's by the time of the first message. */
function checkOpen(fd: number): void {
  try {
    fstatSync(fd);
  } catch (error) {
    throw new SocketError('fstat', (error as NodeJS.ErrnoException).errno ?? 0);
  }
}

function spoolDefault(): string {
  // Not os.tmpdir(): /tmp is often memory, which is what the spool is to spare.
  const { TMPDIR } = process.env;
  return TMPDIR === undefined || TMPDIR === '' ? '/var/tmp' : TMPDIR;
}
