// What the kernel knows of a listener and tells to whoever asks by netlink: how long its queue may
// be, and is. See sock_diag(7), <linux/inet_diag.h>.
import { endianness } from 'node:os';
import { constants } from '../constants.js';
import * as sys from '../sys.js';
import { LISTEN } from './proc.js';

const AF_NETLINK = 16;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST_DUMP = 0x301;
const HEADER_BYTES = 16;
const REQUEST_BYTES = 56;
/** Of struct inet_diag_msg, from the message's start. */
const PORT_AT = 20;
const WAITING_AT = 72;
const LONGEST_AT = 76;
const LEAST_BYTES = 88;
const IPPROTO_TCP = 6;

export interface ListenQueue {
  /** Connections that wait to be accepted. */
  waiting: number;
  /** What the program passed to listen(), cut to the system's limit. */
  longest: number;
}

/** The queues of those who listen on the port; null where the system does not tell. */
export function listenQueues(port: number): ListenQueue[] | null {
  // All that is read here is in the machine's order, and Node's fixed orders fit the common one.
  if (endianness() !== 'LE') return null;
  try {
    return [constants.AF_INET, constants.AF_INET6].flatMap((family) => ask(family, port));
  } catch {
    return null;
  }
}

function ask(family: number, port: number): ListenQueue[] {
  const fd = sys.socket(AF_NETLINK, constants.SOCK_RAW, NETLINK_SOCK_DIAG);
  try {
    sys.send(fd, request(family, port));
    const queues: ListenQueue[] = [];
    const buffer = Buffer.alloc(65_536);
    for (;;) {
      const count = sys.recv(fd, buffer);
      for (let at = 0; at + HEADER_BYTES <= count;) {
        const length = buffer.readUInt32LE(at);
        // Anything else is the end, or an error.
        if (buffer.readUInt16LE(at + 4) !== SOCK_DIAG_BY_FAMILY || length < LEAST_BYTES) {
          return queues;
        }
        if (buffer.readUInt16BE(at + PORT_AT) === port) {
          queues.push({
            waiting: buffer.readUInt32LE(at + WAITING_AT),
            longest: buffer.readUInt32LE(at + LONGEST_AT),
          });
        }
        at += (length + 3) & ~3;
      }
      if (count < HEADER_BYTES) return queues;
    }
  } finally {
    sys.close(fd);
  }
}

function request(family: number, port: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + REQUEST_BYTES);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
  bytes.writeUInt16LE(NLM_F_REQUEST_DUMP, 6);
  bytes.writeUInt8(family, HEADER_BYTES);
  bytes.writeUInt8(IPPROTO_TCP, HEADER_BYTES + 1);
  bytes.writeUInt32LE(1 << LISTEN, HEADER_BYTES + 4);
  bytes.writeUInt16BE(port, HEADER_BYTES + 8);
  return bytes;
}
