// getOption() and setOption() of the sockets, over the table.
import { binding, REFUSED_ARGUMENT } from './binding.js';
import { constants } from './constants.js';
import { editDistance } from './edit-distance.js';
import { SocketError } from './errors.js';
import { codecs } from './option-kinds.js';
import { optionTable } from './tables/options.js';
import type { Row } from './tables/option-row.js';
import { type Data, dataError, coded } from './validate.js';

type Table = typeof optionTable;
type Codecs = typeof codecs;

/** The name of a socket option: `reuseAddr`, `tcpNodelay`, ... */
export type OptionName = keyof Table;
/** Those that getOption() takes. */
export type ReadableOption = {
  [N in OptionName]: Table[N]['access'] extends 'write' ? never : N;
}[OptionName];
/** Those that setOption() takes. */
export type WritableOption = {
  [N in OptionName]: Table[N]['access'] extends 'read' ? never : N;
}[OptionName];
/** What getOption() gives for the option. */
export type OptionValue<N extends ReadableOption> = NonNullable<
  ReturnType<Codecs[Table[N]['kind']]['decode']>
>;
/** What setOption() takes for the option. */
export type OptionInput<N extends WritableOption> = Parameters<
  Codecs[Table[N]['kind']]['encode']
>[0];

/** The table of all options: level, constant, kind, access and what it does, by name. */
export const options: Readonly<Table> = Object.freeze(optionTable);

/** The option's value on a socket. */
export function getOption<N extends ReadableOption>(fd: number, name: N): OptionValue<N> {
  const row = rowOf(name, 'write', 'cannot be read');
  const [level, option] = numbersOf(row, 'getsockopt');
  const { room, decode } = codecs[row.kind];
  // Zeros, since some options read what is there.
  const buffer = Buffer.alloc(room);
  const filled = binding.getsockopt(fd, level, option, buffer);
  if (filled < 0) throw new SocketError('getsockopt', filled, { option: row.constant });
  const value = decode(buffer.subarray(0, filled));
  if (value !== null) return value as OptionValue<N>;
  throw coded(
    new RangeError(`getsockopt gave ${filled} bytes for ${row.constant}, which has more`),
    'ERR_OUT_OF_RANGE',
  );
}

/** Sets the option on a socket. */
export function setOption<N extends WritableOption>(
  fd: number,
  name: N,
  value: OptionInput<N>,
): void {
  const row = rowOf(name, 'read', 'cannot be set');
  const encode = codecs[row.kind].encode as (value: unknown) => number | Data;
  const encoded = encode(value);
  const [level, option] = numbersOf(row, 'setsockopt');
  const result =
    row.kind === 'filter'
      ? binding.attachFilter(fd, encoded as Uint8Array)
      : binding.setsockopt(fd, level, option, encoded);
  if (result === REFUSED_ARGUMENT) throw dataError('value', encoded);
  if (result < 0) throw new SocketError('setsockopt', result, { option: row.constant });
}

function rowOf(name: unknown, lacking: Row['access'], what: string): Row {
  if (typeof name !== 'string' || !Object.hasOwn(optionTable, name)) throw unknown(name, lacking);
  const row = optionTable[name as OptionName];
  if (row.access !== lacking) return row;
  throw coded(
    new TypeError(`The option '${name}' (${row.constant}) ${what}`),
    'ERR_INVALID_ARG_VALUE',
  );
}

/** What the system lacks is told as a kernel that lacks it would tell. */
function numbersOf(row: Row, syscall: string): [level: number, option: number] {
  const level = constants[row.level];
  const option = constants[row.constant];
  if (level !== undefined && option !== undefined) return [level, option];
  throw new SocketError(syscall, ENOPROTOOPT(), {
    option: `${row.constant}: ${process.platform} has no such option`,
  });
}

function ENOPROTOOPT(): number {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { constants: os } = require('node:os') as typeof import('node:os');
  return -os.errno.ENOPROTOOPT;
}

function unknown(name: unknown, lacking: Row['access']): TypeError {
  const written = String(name);
  const near = nearest(written, lacking);
  const hint = near === null ? '' : `; did you mean '${near}'?`;
  return coded(new TypeError(`Unknown option '${written}'${hint}`), 'ERR_INVALID_ARG_VALUE');
}

/** The option that a mistyped name was probably meant to be; a constant's own name will do too. */
function nearest(written: string, lacking: Row['access']): string | null {
  const wanted = plain(written);
  let best: string | null = null;
  let least = Math.min(4, wanted.length);
  for (const [name, row] of Object.entries(optionTable)) {
    if (row.access === lacking) continue;
    const distance = editDistance(wanted, plain(name));
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

function plain(name: string): string {
  return name.slice(0, 64).replace(/^SO_/, '').replaceAll('_', '').toLowerCase();
}
