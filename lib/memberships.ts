// The structs with which multicast groups and the like are joined and left.
import { constants } from './constants.js';
import { IPV4_ANY, ipv4Bytes, ipv4Text, ipv6Bytes } from './ip-bytes.js';
import { Struct } from './native-order.js';
import { bytesOf, checkInteger, checkObject, numberError, typeError } from './validate.js';

/** A multicast group of IPv4. */
export interface Membership {
  group: string;
  /** The address of the local interface; without it and `ifindex`, the route decides. */
  interface?: string | undefined;
  /** The index of the local interface. */
  ifindex?: number | undefined;
}

/** A multicast group of IPv4, and the one source that counts. */
export interface SourceMembership {
  group: string;
  source: string;
  /** The address of the local interface; without it, the route decides. */
  interface?: string | undefined;
}

/** A multicast group of IPv6. */
export interface Ipv6Membership {
  group: string;
  /** The index of the local interface; without it, the route decides. */
  ifindex?: number | undefined;
}

/** A multicast group of IPv6, and the one source that counts. */
export interface Ipv6SourceMembership extends Ipv6Membership {
  source: string;
}

/** The local interface for multicasts of IPv4: its address or its index. */
export type MulticastInterface =
  string | { interface?: string | undefined; ifindex?: number | undefined };

/** What a packet socket is to receive more of, on one interface. */
export interface PacketMembership {
  ifindex: number;
  /** PACKET_MR_PROMISC, PACKET_MR_ALLMULTI, PACKET_MR_MULTICAST or PACKET_MR_UNICAST. */
  type: number;
  /** The hardware address, up to 8 bytes, where the type needs one. */
  address?: Uint8Array | undefined;
}

const INT32_MAX = 2 ** 31 - 1;
const PACKET_ADDRESS_BYTES = 8;

function fields(value: unknown): Record<string, unknown> {
  checkObject('value', value);
  return { ...(value as Record<string, unknown>) };
}

function checkIfindex(ifindex: unknown): asserts ifindex is number {
  checkInteger('value.ifindex', ifindex, 0, INT32_MAX);
}

/** struct ip_mreqn */
export function writeMreqn(value: Membership): Buffer {
  const { group, interface: local = IPV4_ANY, ifindex = 0 } = fields(value);
  return mreqn(ipv4Bytes('value.group', group), local, ifindex);
}

function mreqn(group: Uint8Array, local: unknown, ifindex: unknown): Buffer {
  checkIfindex(ifindex);
  return new Struct(12)
    .setBytes(0, group)
    .setBytes(4, ipv4Bytes('value.interface', local))
    .setInt32(8, ifindex).bytes;
}

/** IP_MULTICAST_IF is written as a struct ip_mreqn or in_addr, and read as an in_addr. */
export function writeMulticastIf(value: MulticastInterface): Uint8Array {
  if (typeof value === 'string') return ipv4Bytes('value', value);
  const { interface: local = IPV4_ANY, ifindex = 0 } = fields(value);
  return mreqn(new Uint8Array(4), local, ifindex);
}

export function readMulticastIf(bytes: Buffer): string | null {
  return bytes.length < 4 ? null : ipv4Text(bytes.subarray(0, 4));
}

/** struct ip_mreq_source, whose fields have another order on BSD and macOS. */
export function writeMreqSource(value: SourceMembership): Buffer {
  const { group, source, interface: local = IPV4_ANY } = fields(value);
  const [sourceAt, localAt] = process.platform === 'linux' ? [8, 4] : [4, 8];
  return new Struct(12)
    .setBytes(0, ipv4Bytes('value.group', group))
    .setBytes(sourceAt, ipv4Bytes('value.source', source))
    .setBytes(localAt, ipv4Bytes('value.interface', local)).bytes;
}

/** struct ipv6_mreq */
export function writeMreq6(value: Ipv6Membership): Buffer {
  const { group, ifindex = 0 } = fields(value);
  checkIfindex(ifindex);
  return new Struct(20).setBytes(0, ipv6Bytes('value.group', group)).setUint32(16, ifindex).bytes;
}

/** struct group_source_req: an int, and two sockaddr_storage of 128 bytes aligned to 8. */
export function writeGroupSource(value: Ipv6SourceMembership): Buffer {
  const { group, source, ifindex = 0 } = fields(value);
  checkIfindex(ifindex);
  return new Struct(264)
    .setUint32(0, ifindex)
    .setBytes(8, sockaddrIn6('value.group', group))
    .setBytes(136, sockaddrIn6('value.source', source)).bytes;
}

function sockaddrIn6(name: string, address: unknown): Buffer {
  const BYTES = 28;
  const struct = new Struct(BYTES).setBytes(8, ipv6Bytes(name, address));
  if (process.platform === 'linux') return struct.setUint16(0, constants.AF_INET6).bytes;
  // BSD and macOS have the length in the first byte.
  return struct.setUint8(0, BYTES).setUint8(1, constants.AF_INET6).bytes;
}

/** struct packet_mreq */
export function writePacketMreq(value: PacketMembership): Buffer {
  const { ifindex, type, address } = fields(value);
  checkIfindex(ifindex);
  checkInteger('value.type', type, 0, 2 ** 16 - 1);
  const bytes = address === undefined ? new Uint8Array(0) : packetAddress(address);
  return new Struct(16)
    .setInt32(0, ifindex)
    .setUint16(4, type)
    .setUint16(6, bytes.length)
    .setBytes(8, bytes).bytes;
}

function packetAddress(address: unknown): Uint8Array {
  if (!(address instanceof Uint8Array)) {
    throw typeError('value.address', 'an instance of Uint8Array', address);
  }
  const bytes = bytesOf('value.address', address);
  if (bytes.length > PACKET_ADDRESS_BYTES) {
    throw numberError('value.address.length', bytes.length, 0, PACKET_ADDRESS_BYTES);
  }
  return bytes;
}
