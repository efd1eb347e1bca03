// The names one by one: `export *` would pass on __esModule too, and import() must give what
// require() does.
export { constants, createMessageServer, MessageServer, sendAll, SocketError } from './index.js';
export type {
  Address,
  AddressInput,
  Constants,
  Data,
  IpAddressInput,
  IPv4Address,
  IPv6Address,
  MessageEvent,
  MessageServerOptions,
  MessageServerStats,
  MessageServerWarning,
  Outcome,
  RawAddress,
  RawAddressInput,
  UnixAddress,
  UnixAddressInput,
} from './index.js';
