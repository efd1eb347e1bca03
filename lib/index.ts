/**
 * Sockets in Node.js by the system's own calls. The calls themselves are in `sockkit/sys`.
 */
export { constants, type Constants } from './constants.js';
export { SocketError } from './errors.js';
export {
  createMessageServer,
  MessageServer,
  type MessageEvent,
  type MessageServerOptions,
  type MessageServerStats,
  type MessageServerWarning,
  type Outcome,
} from './message-server.js';
export { sendAll } from './send-all.js';
export type {
  Address,
  AddressInput,
  IpAddressInput,
  IPv4Address,
  IPv6Address,
  RawAddress,
  RawAddressInput,
  UnixAddress,
  UnixAddressInput,
} from './address.js';
export type { Data } from './validate.js';
