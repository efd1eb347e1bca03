// Sockets as Node's own objects, to which the descriptor then belongs.
import type { Socket as NetSocket, SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { constants } from './constants.js';
import type * as RecordStreams from './promises/record-stream.js';
import type { SocketHandle } from './socket-handle.js';
import { coded } from './validate.js';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM } = constants;

export function toNetSocket(socket: SocketHandle, allowHalfOpen: boolean): NetSocket {
  checkStream(socket);
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const net = require('node:net') as typeof import('node:net');
  const options: SocketConstructorOpts & { manualStart: boolean } = {
    fd: socket.fd,
    allowHalfOpen,
    // Otherwise it starts to read, which is an error where there is no connection yet.
    manualStart: socket.remoteAddress === null,
  };
  const made = new net.Socket(options);
  socket.detach();
  return made;
}

export function toDuplex(socket: SocketHandle): Duplex {
  if (isNetStream(socket)) return toNetSocket(socket, true);
  if (isListener(socket)) throw refused('a listener has connections and no data');
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const streams = require('./promises/record-stream.js') as typeof RecordStreams;
  return streams.makeRecordStream(socket);
}

function checkStream(socket: SocketHandle): void {
  if (!isNetStream(socket)) throw refused('only TCP and unix streams can be a net.Socket');
  if (isListener(socket)) {
    throw refused('a listener goes to net.Server.listen({ fd: socket.detach() })');
  }
}

function isNetStream(socket: SocketHandle): boolean {
  const isStream = socket.getOption('type') === SOCK_STREAM;
  return isStream && [AF_INET, AF_INET6, AF_UNIX].includes(familyOf(socket));
}

/** There are types that have no such option, and no listeners. */
function isListener(socket: SocketHandle): boolean {
  try {
    return socket.getOption('acceptConn');
  } catch {
    return false;
  }
}

/** SO_DOMAIN is not everywhere, but an address has its family. */
function familyOf(socket: SocketHandle): number {
  const { family } = socket.localAddress;
  return { IPv4: AF_INET, IPv6: AF_INET6, unix: AF_UNIX }[family as string] ?? -1;
}

function refused(reason: string): TypeError {
  return coded(new TypeError(`Unsupported fd type: ${reason}`), 'ERR_INVALID_FD_TYPE');
}
