import type { constantTable } from './constants.js';

type Groups = (typeof constantTable)[keyof typeof constantTable];
type ConstantName = Groups['everywhere'][number] | Groups['somewhere'][number];

/** What an option's value is in JavaScript; docs/options.md has these words. */
export const kinds = {
  bool: '`boolean`',
  int: '`number`, an int',
  uint: '`number`, an unsigned int',
  uint64: '`bigint`',
  uints: '`number[]`',
  timeval: '`number` of milliseconds, with fractions down to a microsecond',
  linger: '`{ on, seconds }`',
  ucred: '`{ pid, uid, gid }`',
  text: '`string`',
  bytes: 'bytes',
  netInt: '`number`, an interface index (network byte order in C)',
  portRange: '`{ low, high }`',
  multicastIf: 'read: an address; written: an address or `{ ifindex?, interface? }`',
  mreqn: '`{ group, interface?, ifindex? }`: `interface` is a local address',
  mreqSource: '`{ group, source, interface? }`: `interface` is a local address',
  mreq6: '`{ group, ifindex? }`',
  groupSource: '`{ group, source, ifindex? }`',
  packetMreq: '`{ ifindex, type, address? }`',
  packetStatistics: '`{ packets, drops }`',
  tcpInfo: '`TcpInfo`',
  filter: '`{ code, jt, jf, k }[]`',
} as const;

export type Kind = keyof typeof kinds;

export interface Row {
  level: ConstantName;
  constant: ConstantName;
  kind: Kind;
  access: 'read' | 'write' | 'read-write';
  /** Follows the constant in docs/options.md: a sentence whose subject that is. */
  doc: string;
}
