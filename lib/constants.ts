import { binding } from './binding.js';
import type { constantTable } from './tables/constants.js';

type Groups = (typeof constantTable)[keyof typeof constantTable];

/**
 * The constants of <sys/socket.h>, <netinet/in.h>, <netinet/tcp.h>, <poll.h> and <netdb.h>: AF_*,
 * SOCK_*, IPPROTO_*, SOL_*, SO_*, TCP_*, IP_*, IPV6_*, UDP_*, MCAST_*,
 * PACKET_*, MSG_*, SHUT_*, POLL*, AI_*, NI_*, SCM_*. The
 * numbers are this system's. What it lacks is absent: `constants.SO_MARK` is undefined on macOS.
 */
export type Constants = Readonly<
  Record<Groups['everywhere'][number], number> &
    Partial<Record<Groups['somewhere'][number], number>>
>;

/** The constants by their names. */
export const constants = Object.freeze(binding.constants) as Constants;
