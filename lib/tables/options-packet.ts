import type { Row } from './option-row.js';

/** SOL_PACKET. See packet(7). */
// prettier-ignore
export const packetOptions = {
  packetAddMembership: { level: 'SOL_PACKET', constant: 'PACKET_ADD_MEMBERSHIP', kind: 'packetMreq', access: 'write',
    doc: 'receives more on an interface: all (PACKET_MR_PROMISC), all multicasts, one address.' },
  packetAuxData: { level: 'SOL_PACKET', constant: 'PACKET_AUXDATA', kind: 'bool', access: 'read-write',
    doc: 'adds lengths and VLAN to what recvmsg() gives.' },
  packetDropMembership: { level: 'SOL_PACKET', constant: 'PACKET_DROP_MEMBERSHIP', kind: 'packetMreq', access: 'write',
    doc: 'takes back PACKET_ADD_MEMBERSHIP.' },
  packetIgnoreOutgoing: { level: 'SOL_PACKET', constant: 'PACKET_IGNORE_OUTGOING', kind: 'bool', access: 'read-write',
    doc: 'does not receive what this machine sends.' },
  packetLoss: { level: 'SOL_PACKET', constant: 'PACKET_LOSS', kind: 'bool', access: 'read-write',
    doc: 'drops malformed packets of a transmit ring and goes on.' },
  packetOrigDev: { level: 'SOL_PACKET', constant: 'PACKET_ORIGDEV', kind: 'bool', access: 'read-write',
    doc: 'tells the device on which a packet came in, below a bond or bridge.' },
  packetQdiscBypass: { level: 'SOL_PACKET', constant: 'PACKET_QDISC_BYPASS', kind: 'bool', access: 'read-write',
    doc: 'sends past the queueing disciplines.' },
  packetStatistics: { level: 'SOL_PACKET', constant: 'PACKET_STATISTICS', kind: 'packetStatistics', access: 'read',
    doc: 'counts packets and drops since it was read last.' },
  packetTimestamp: { level: 'SOL_PACKET', constant: 'PACKET_TIMESTAMP', kind: 'int', access: 'read-write',
    doc: 'is where the timestamps of a ring come from: SOF_TIMESTAMPING_*.' },
  packetVersion: { level: 'SOL_PACKET', constant: 'PACKET_VERSION', kind: 'int', access: 'read-write',
    doc: 'is the version of the ring, 0 to 2.' },
} as const satisfies Record<string, Row>;
