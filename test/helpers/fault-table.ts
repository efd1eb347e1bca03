// Which calls of the addon fail, and how: each errno that a system could plausibly give.
import { constants } from 'node:os';

/** The program that runs meanwhile: see fault-programs.ts. */
export type Program = 'sockserve' | 'sockclient' | 'promises';

export interface Fault {
  program: Program;
  call: string;
  code: string;
  /** Which of these calls fails first, and how many; 0 = all that follow. */
  at: number;
  count: number;
}

const OUT_OF = ['ENOMEM', 'ENOBUFS'];

const SERVE: Record<string, string[]> = {
  socket: ['EMFILE', 'EAFNOSUPPORT', 'EACCES', ...OUT_OF],
  bind: ['EADDRINUSE', 'EACCES', 'ENOMEM'],
  listen: ['EADDRINUSE', 'EOPNOTSUPP'],
  getsockname: ['ENOBUFS'],
  accept4: ['EMFILE', 'ENFILE', ...OUT_OF, 'ECONNABORTED', 'EINTR', 'EAGAIN', 'EPROTO', 'EPERM'],
  recv: ['EINTR', 'EAGAIN', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', ...OUT_OF],
  send: ['EINTR', 'EAGAIN', 'EPIPE', 'ENOBUFS', 'ENOMEM'],
  poll: ['EINTR', 'ENOMEM', 'EINVAL', 'EAGAIN'],
  eventfd: ['EMFILE', 'ENFILE', 'ENOMEM', 'ENODEV'],
  pthread_create: ['EAGAIN', 'EPERM'],
  open: ['EMFILE', 'ENFILE', 'ENOSPC', 'EACCES', 'EROFS', 'ENOENT', 'EOPNOTSUPP', 'ENOMEM'],
  pread: ['EINTR', 'EIO'],
  pwrite: ['EINTR', 'ENOSPC', 'EIO', 'EDQUOT'],
  wake: ['EINTR'],
  write: ['EINTR', 'EAGAIN', 'ENOSPC', 'EIO', 'EPIPE'],
  fcntl: ['EBADF'],
  fstat: ['ENOMEM', 'EIO'],
  ioctl: ['ENOTTY', 'ENOMEM'],
  setsockopt: ['ENOPROTOOPT', 'EPERM', 'ENOMEM', 'EINVAL'],
  shutdown: ['ENOTCONN'],
  mmap: ['ENOMEM'],
  malloc: ['ENOMEM'],
  new: ['ENOMEM'],
  syscall: ['ENOSYS', 'EPERM'],
};

const CLIENT: Record<string, string[]> = {
  socket: ['EMFILE', 'ENFILE', 'EACCES', ...OUT_OF],
  connect: ['EINTR', 'ECONNREFUSED', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ETIMEDOUT', 'EAGAIN'],
  send: ['EINTR', 'EAGAIN', 'ECONNRESET', 'EPIPE', ...OUT_OF],
  recv: ['EINTR', 'EAGAIN', 'ECONNRESET', ...OUT_OF],
  poll: ['EINTR', 'ENOMEM'],
  shutdown: ['ENOTCONN', 'ENOBUFS'],
  getsockopt: ['ENOPROTOOPT', 'ENOMEM'],
};

const PROMISES: Record<string, string[]> = {
  socket: ['EMFILE', 'ENOBUFS'],
  bind: ['EADDRINUSE'],
  listen: ['EADDRINUSE'],
  accept4: ['EMFILE', 'ECONNABORTED', 'EINTR', 'EAGAIN'],
  connect: ['ECONNREFUSED', 'EINTR', 'EAGAIN'],
  send: ['EINTR', 'EAGAIN', 'ECONNRESET', 'ENOMEM'],
  recv: ['EINTR', 'EAGAIN', 'ECONNRESET', 'ENOMEM'],
  sendmsg: ['EINTR', 'EAGAIN', 'EMSGSIZE', 'ENOBUFS'],
  recvmsg: ['EINTR', 'EAGAIN', 'ENOMEM', 'EMSGSIZE'],
  epoll_create1: ['EMFILE', 'ENFILE', 'ENOMEM'],
  epoll_ctl: ['ENOMEM', 'ENOSPC', 'EPERM'],
  epoll_wait: ['EINTR', 'EINVAL'],
  eventfd: ['EMFILE', 'ENOMEM'],
  wake: ['EINTR'],
  pthread_create: ['EAGAIN'],
  getsockopt: ['ENOBUFS'],
  setsockopt: ['ENOMEM'],
  ioctl: ['ENOTTY'],
  fcntl: ['EMFILE'],
  poll: ['EINTR', 'ENOMEM'],
};

/** Calls that go on failing, from which on: what is retried must not be retried without a pause. */
const FOR_EVER: [call: string, code: string, at: number][] = [
  ['accept4', 'EMFILE', 3],
  ['accept4', 'EPERM', 3],
  ['poll', 'EINVAL', 3],
  ['poll', 'ENOMEM', 3],
  ['recv', 'ENOMEM', 3],
  ['pwrite', 'ENOSPC', 2],
  ['pread', 'EIO', 1],
  ['open', 'EMFILE', 1],
  ['mmap', 'ENOMEM', 3],
  ['ioctl', 'ENOTTY', 2],
  ['setsockopt', 'EPERM', 3],
  ['syscall', 'ENOSYS', 1],
  ['new', 'ENOMEM', 3],
];

const TABLES: Record<Program, Record<string, string[]>> = {
  sockserve: SERVE,
  sockclient: CLIENT,
  promises: PROMISES,
};

function errno(code: string): number {
  const number = (constants.errno as Partial<Record<string, number>>)[code];
  if (number === undefined) throw new Error(`no errno ${code}`);
  return number;
}

/** Each errno of each call, at the given calls. */
export function faults(...places: number[]): Fault[] {
  return (Object.keys(TABLES) as Program[]).flatMap((program) =>
    Object.entries(TABLES[program]).flatMap(([call, codes]) =>
      codes.flatMap((code) => places.map((at) => ({ program, call, code, at, count: 1 }))),
    ),
  );
}

/** One errno of each call, by turns, at the first or second call. */
export function someFaults(): Fault[] {
  return (Object.keys(TABLES) as Program[]).flatMap((program) =>
    Object.entries(TABLES[program]).map(([call, codes], index) => {
      const code = codes[index % codes.length] ?? '';
      return { program, call, code, at: 1 + (index % 2), count: 1 };
    }),
  );
}

export function lastingFaults(): Fault[] {
  return FOR_EVER.map(([call, code, at]) => ({ program: 'sockserve', call, code, at, count: 0 }));
}

export const numberOf = (fault: Fault): string => String(errno(fault.code));

export function faultName({ program, call, code, at, count }: Fault): string {
  const which = count === 0 ? `${at} and all that follow` : String(at);
  return `${program}: ${call} ${which}: ${code}`;
}
