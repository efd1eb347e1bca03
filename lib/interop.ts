// Sockets as Node's own objects, to which the descriptor then belongs.
import type { Socket as NetSocket, SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { constants } from './constants.js';
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
  return toNetSocket(socket, true);
}

function checkStream(socket: SocketHandle): void {
  const isStream = socket.getOption('type') === SOCK_STREAM;
  if (!isStream || ![AF_INET, AF_INET6, AF_UNIX].includes(familyOf(socket))) {
    throw refused('only TCP and unix streams can be a net.Socket');
  }
  if (socket.getOption('acceptConn')) {
    throw refused('a listener goes to net.Server.listen({ fd: socket.detach() })');
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
