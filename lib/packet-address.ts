// Addresses of packet sockets, between their objects and the records of lib/address.ts.
import { types } from 'node:util';
import { bytesOf, checkInteger, typeError, valueError } from './validate.js';

/** `struct sockaddr_ll`: a link-layer address. */
export interface PacketAddress {
  family: 'packet';
  /** The interface's number. */
  ifindex: number;
  /** The Ethernet protocol, in host order: 0x0800 is IPv4. */
  protocol: number;
  /** ARPHRD_*: 1 is Ethernet, 772 the loopback. */
  hatype: number;
  /** PACKET_*: 0 to this host, 1 broadcast, 2 multicast, 3 to another host, 4 sent by this host. */
  pkttype: number;
  /** Bytes in hexadecimal, as in `os.networkInterfaces()`: `02:42:ac:11:00:02`; '' where none. */
  hwaddr: string;
  address?: undefined;
  port?: undefined;
  path?: undefined;
}

/** What is left out is 0. To bind, `ifindex` (0 is any) and `protocol` count. */
export interface PacketAddressInput {
  family: 'packet';
  ifindex?: number | undefined;
  protocol?: number | undefined;
  hatype?: number | undefined;
  pkttype?: number | undefined;
  hwaddr?: string | Uint8Array | undefined;
}

const MOST_HWADDR_BYTES = 32;
const UINT32_MAX = 2 ** 32 - 1;

/** The words of the record's head behind its kind, and the hardware address. */
export interface PacketFields {
  protocol: number;
  ifindex: number;
  types: number;
  hwaddr: Uint8Array;
}

export function readPacketFields(input: object): PacketFields {
  const {
    ifindex = 0,
    protocol = 0,
    hatype = 0,
    pkttype = 0,
    hwaddr = '',
  } = input as Record<string, unknown>;
  checkInteger('address.ifindex', ifindex, 0, UINT32_MAX);
  checkInteger('address.protocol', protocol, 0, 65535);
  checkInteger('address.hatype', hatype, 0, 65535);
  checkInteger('address.pkttype', pkttype, 0, 255);
  return { protocol, ifindex, types: hatype + pkttype * 65536, hwaddr: readHwaddr(hwaddr) };
}

function readHwaddr(hwaddr: unknown): Uint8Array {
  if (types.isUint8Array(hwaddr)) {
    const bytes = bytesOf('address.hwaddr', hwaddr);
    if (bytes.length <= MOST_HWADDR_BYTES) return bytes;
    throw valueError('address.hwaddr', hwaddr, `must have ${MOST_HWADDR_BYTES} bytes at most`);
  }
  if (typeof hwaddr !== 'string') {
    throw typeError('address.hwaddr', 'of type string or an instance of Uint8Array', hwaddr);
  }
  if (hwaddr === '') return new Uint8Array(0);
  if (hwaddr.length >= MOST_HWADDR_BYTES * 3 || !/^[\da-f]{2}(:[\da-f]{2})*$/i.test(hwaddr)) {
    const reason = `must be up to ${MOST_HWADDR_BYTES} bytes as in 02:42:ac:11:00:02`;
    throw valueError('address.hwaddr', hwaddr, reason);
  }
  return Buffer.from(hwaddr.replaceAll(':', ''), 'hex');
}

export function makePacketAddress(
  protocol: number,
  ifindex: number,
  both: number,
  bytes: Buffer,
): PacketAddress {
  return {
    family: 'packet',
    ifindex,
    protocol,
    hatype: both & 65535,
    pkttype: both >>> 16,
    hwaddr: bytes.toString('hex').replace(/..(?=.)/g, '$&:'),
  };
}
