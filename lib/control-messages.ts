import type { Address } from './address.js';
import type { Data } from './validate.js';

/** SCM_RIGHTS: open descriptors. Received ones are close-on-exec and yours to close. */
export interface RightsMessage {
  type: 'rights';
  fds: number[];
}

/** SCM_CREDENTIALS, with SO_PASSCRED: who sent it. See unix(7). */
export interface CredentialsMessage {
  type: 'credentials';
  pid: number;
  uid: number;
  gid: number;
}

/** SCM_PIDFD, with SO_PASSPIDFD (Linux 6.5): a pidfd of who sent it. See pidfd_open(2). */
export interface PidfdMessage {
  type: 'pidfd';
  /** Close-on-exec, and yours to close; a negated errno where none could be made. */
  fd: number;
}

/** IP_PKTINFO: where a datagram came in. See ip(7). */
export interface Ipv4PktinfoMessage {
  type: 'pktinfo';
  family: 'IPv4';
  /** The interface's number. */
  ifindex: number;
  /** The destination in the datagram's header; broadcast and multicast too. */
  address: string;
  /** The local address, which an answer would come from. */
  specDst: string;
}

/** IPV6_PKTINFO, with IPV6_RECVPKTINFO: where a datagram came in. See RFC 3542. */
export interface Ipv6PktinfoMessage {
  type: 'pktinfo';
  family: 'IPv6';
  /** The interface's number. */
  ifindex: number;
  /** The destination in the datagram's header. */
  address: string;
}

/** IP_TTL, with IP_RECVTTL, or IPV6_HOPLIMIT, with IPV6_RECVHOPLIMIT. */
export interface TtlMessage {
  type: 'ttl';
  family: 'IPv4' | 'IPv6';
  value: number;
}

/** IP_TOS, with IP_RECVTOS, or IPV6_TCLASS, with IPV6_RECVTCLASS: DSCP << 2 | ECN. */
export interface TosMessage {
  type: 'tos';
  family: 'IPv4' | 'IPv6';
  value: number;
}

/**
 * SO_TIMESTAMP (in microseconds) or SO_TIMESTAMPNS (in nanoseconds): when the system received it,
 * since 1970.
 */
export interface TimestampMessage {
  type: 'timestamp';
  seconds: number;
  nanoseconds: number;
}

/** IP_RECVERR and IPV6_RECVERR, read with MSG_ERRQUEUE: why a datagram failed. See ip(7). */
export interface RecverrMessage {
  type: 'recverr';
  family: 'IPv4' | 'IPv6';
  /** The negated errno that a call would have had: -111. */
  errno: number;
  /** Its name: ECONNREFUSED. */
  code: string;
  /** SO_EE_ORIGIN_*: where the error was made; a number where it has no name here. */
  origin: 'none' | 'local' | 'icmp' | 'icmp6' | 'timestamping' | 'zerocopy' | 'txtime' | number;
  /** Of the ICMP message: 3 is an unreachable destination, 11 a time-out (ICMPv6: 1 and 3). */
  icmpType: number;
  icmpCode: number;
  /** With EMSGSIZE, the MTU. */
  info: number;
  data: number;
  /** Who reported it: a router, say; the port is 0. Null where that is not known. */
  offender: Address | null;
}

/** Any other, and a known one that was cut: the bytes as they are. */
export interface RawControlMessage {
  level: number;
  type: number;
  data: Buffer;
}

/** What came beside a message's bytes. */
export type ControlMessage =
  | RightsMessage
  | CredentialsMessage
  | PidfdMessage
  | Ipv4PktinfoMessage
  | Ipv6PktinfoMessage
  | TtlMessage
  | TosMessage
  | TimestampMessage
  | RecverrMessage
  | RawControlMessage;

/** Where a datagram is to come from; what was received will do. */
export interface PktinfoInput {
  type: 'pktinfo';
  /** Told by the address where there is one; without either it is given for both. */
  family?: 'IPv4' | 'IPv6' | undefined;
  /** The interface to leave by; 0 leaves the choice to the routes. */
  ifindex?: number | undefined;
  /** The local address to send from. */
  address?: string | undefined;
  /** IPv4: comes before `address`. */
  specDst?: string | undefined;
}

/** The TTL or hop limit, or the type of service or traffic class, of this one datagram. */
export interface TtlOrTosInput {
  type: 'ttl' | 'tos';
  /** Without it, it is given for both, and a socket looks at its own. */
  family?: 'IPv4' | 'IPv6' | undefined;
  /** 0 to 255; -1 is what the socket is set to, in IPv6 alone. */
  value: number;
}

/** What the calls send. Timestamps, errors and pidfds are only ever received. */
export type ControlInput =
  | { type: 'rights'; fds: readonly number[] }
  | CredentialsMessage
  | PktinfoInput
  | TtlOrTosInput
  | { level: number; type: number; data: Data };
