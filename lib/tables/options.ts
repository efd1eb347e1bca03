import { ipOptions } from './options-ip.js';
import { ipv6Options } from './options-ipv6.js';
import { packetOptions } from './options-packet.js';
import { socketOptions } from './options-socket.js';
import { tcpOptions } from './options-tcp.js';

/**
 * Every socket option that getOption() and setOption() know. A name is the constant's in camelCase,
 * without SO_. An option is one row: the TypeScript types, the checks at run time and
 * docs/options.md (tools/gen-options.mjs) all come from here.
 */
export const optionTable = {
  ...socketOptions,
  ...tcpOptions,
  ...ipOptions,
  ...ipv6Options,
  ...packetOptions,
} as const;
