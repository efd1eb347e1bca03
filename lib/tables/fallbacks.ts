/**
 * Numbers of constants that Linux has and older headers lack, so that one build serves newer kernels
 * as well; a kernel without the option answers ENOPROTOOPT. Where a header has the constant, that is
 * what counts, and a test says that it is the same number.
 */
export const fallbackTable = {
  /** Of the kernel's asm-generic/socket.h; alpha, mips, parisc and sparc have numbers of their own. */
  generic: {
    SO_PREFER_BUSY_POLL: 69,
    SO_BUSY_POLL_BUDGET: 70,
    SO_NETNS_COOKIE: 71,
    SO_BUF_LOCK: 72,
    SO_RESERVE_MEM: 73,
    SO_TXREHASH: 74,
    SO_RCVMARK: 75,
    SO_PASSPIDFD: 76,
    SO_PEERPIDFD: 77,
    SO_DEVMEM_LINEAR: 78,
    SO_DEVMEM_DMABUF: 79,
    SO_DEVMEM_DONTNEED: 80,
    SO_RCVPRIORITY: 82,
    SO_PASSRIGHTS: 83,
    SO_INQ: 84,
    SCM_DEVMEM_LINEAR: 78,
    SCM_DEVMEM_DMABUF: 79,
    SCM_TS_OPT_ID: 81,
    SCM_INQ: 84,
  },
  /** Of linux/in.h, linux/socket.h and linux/tcp.h: the same on every processor. */
  linux: {
    IPPROTO_L2TP: 115,
    IPPROTO_AGGFRAG: 144,
    IPPROTO_SMC: 256,
    SOL_UDPLITE: 136,
    SOL_VSOCK: 287,
    IP_LOCAL_PORT_RANGE: 51,
    IP_PROTOCOL: 52,
    MSG_SOCK_DEVMEM: 0x2000000,
    SCM_SECURITY: 3,
    SCM_PIDFD: 4,
    TCP_TX_DELAY: 37,
    TCP_AO_ADD_KEY: 38,
    TCP_AO_DEL_KEY: 39,
    TCP_AO_INFO: 40,
    TCP_AO_GET_KEYS: 41,
    TCP_AO_REPAIR: 42,
    TCP_IS_MPTCP: 43,
    TCP_RTO_MAX_MS: 44,
    TCP_RTO_MIN_US: 45,
    TCP_DELACK_MAX_US: 46,
  },
} as const;
