/**
 * Sockets in Node.js by the system's own calls. The calls themselves are in `sockkit/sys`.
 *
 * @module sockkit
 */
export { constants, type Constants } from './constants.js';
export type * from './control-messages.js';
export { createConnection, type ConnectionTarget } from './create-connection.js';
export { SocketError, type SocketErrorDetails } from './errors.js';
export type { ListenTarget } from './listener.js';
export type { FilterInstruction } from './filter.js';
export { listenFds, type ListenFd } from './listen-fds.js';
export type {
  Ipv6Membership,
  Ipv6SourceMembership,
  Membership,
  MulticastInterface,
  PacketMembership,
  SourceMembership,
} from './memberships.js';
export type { Linger, PeerCredentials } from './option-kinds.js';
export {
  type OptionInput,
  type OptionName,
  options,
  type OptionValue,
  type ReadableOption,
  type WritableOption,
} from './options.js';
export {
  createMessageServer,
  MessageServer,
  type MessageEvent,
  type MessageServerOptions,
  type MessageServerStats,
  type MessageServerWarning,
  type Outcome,
} from './message-server.js';
export { type Connection, type ReadLineOptions } from './connection.js';
export {
  createServer,
  Server,
  type ConnectionHandler,
  type ServerOptions,
  type ServerStats,
  type ServerTarget,
  type ServerWarning,
} from './server.js';
export { sendAll } from './send-all.js';
export { Socket } from './socket.js';
export type { Datagram, DatagramWithControl } from './socket-messages.js';
export type { Message, ReceiveOptions } from './message.js';
export type { MessageSlot } from './recvmmsg.js';
export type { TcpInfo } from './tcp-info.js';
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
