/**
 * Sockets whose calls give promises: the same names as those of the blocking Socket of `sockkit`.
 *
 * @module sockkit/promises
 */
export { constants, type Constants } from '../constants.js';
export { SocketError } from '../errors.js';
export { type AsyncConnectionTarget, createConnection } from './create-connection.js';
export { getaddrinfo } from './getaddrinfo.js';
export type { AddressInfo, AddressInfoHints } from '../getaddrinfo.js';
export { type Connection, Socket } from './socket.js';
export type { WaitOptions } from './operation.js';
export type { CallOptions, FlagsOrOptions } from './socket-operations.js';
export type { Datagram, DatagramWithControl } from '../socket-messages.js';
export type { Message, ReceiveOptions } from '../message.js';
export type { MessageSlot } from '../recvmmsg.js';
export type { Address, AddressInput } from '../address.js';
export type { Data } from '../validate.js';
