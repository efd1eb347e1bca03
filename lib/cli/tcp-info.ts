// The parts of Linux's struct tcp_info that tell what the peer's TCP has acknowledged.
import * as sys from '../sys.js';

const { IPPROTO_TCP, TCP_INFO } = sys.constants;

/** The states of a connection, from the kernel's tcp_states.h. */
export const TCP_ESTABLISHED = 1;
export const TCP_FIN_WAIT2 = 5;
export const TCP_TIME_WAIT = 6;
export const TCP_CLOSE = 7;

const STRUCT_BYTES = 256;
const BYTES_ACKED_OFFSET = 120;

export interface TcpInfo {
  state: number;
  /**
   * What the peer has acknowledged: the SYN counts as one byte, and so does the FIN. Null where the
   * kernel is too old to say (before 4.1).
   */
  bytesAcked: number | null;
}

/** getsockopt(fd, IPPROTO_TCP, TCP_INFO); null where the system has no such thing. */
export function tcpInfo(fd: number): TcpInfo | null {
  if (TCP_INFO === undefined) return null;
  let info: Buffer;
  try {
    info = sys.getsockopt(fd, IPPROTO_TCP, TCP_INFO, STRUCT_BYTES);
  } catch {
    return null;
  }
  const end = BYTES_ACKED_OFFSET + 8;
  return {
    state: info[0] ?? 0,
    bytesAcked: info.length < end ? null : readUint64(info.subarray(BYTES_ACKED_OFFSET, end)),
  };
}

/** In the machine's own byte order. */
function readUint64(bytes: Uint8Array): number {
  return Number(new BigUint64Array(Uint8Array.from(bytes).buffer)[0]);
}
