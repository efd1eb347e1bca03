// 100,000 calls of everything in sys with arguments by chance: a result or an error, never a crash.
// Only descriptors that were made here and numbers far above the limit are used, and nothing is
// reached beyond the loopback. The seed is printed when it fails; SOCKKIT_FUZZ_SEED repeats it.
import * as fs from 'node:fs';
import * as sys from 'sockkit/sys';
import {
  address,
  below,
  chance,
  data,
  dataList,
  drop,
  fd,
  flags,
  int,
  message,
  note,
  pick,
  pool,
  SEED,
  take,
} from './helpers/fuzz.js';
import { openFds } from './helpers/net.js';

const { constants: c } = sys;
const CALLS = 100_000;
const LARGEST_POOL = 60;
const names = ['lo', '', 'nosuch', 'l'.repeat(40)];

/** What came is ours from now on. */
function keep(list: readonly sys.ControlMessage[]): void {
  for (const item of list) if (item.type === 'rights') item.fds.forEach(take);
}

const slots: sys.MessageSlot[] = Array.from({ length: 8 }, () => ({
  buffer: Buffer.alloc(64),
  bytes: 0,
  address: null,
  flags: 0,
  control: [],
}));

let addressesRead = 0;
/** A plain file, for sendfile(). */
let file = -1;

// Options that change what the process or machine does beyond the socket are left out; an unknown
// number could be one of them, so these are the ones that are set.
const options: [number, number][] = [
  [c.SOL_SOCKET, c.SO_RCVBUF],
  [c.SOL_SOCKET, c.SO_REUSEADDR],
  [c.SOL_SOCKET, c.SO_TIMESTAMP],
  [c.SOL_SOCKET, c.SO_TIMESTAMPNS ?? c.SO_TIMESTAMP],
  [c.SOL_SOCKET, c.SO_PASSCRED ?? c.SO_TIMESTAMP],
  [c.SOL_SOCKET, c.SO_RCVLOWAT],
  [c.IPPROTO_IP, c.IP_RECVTTL],
  [c.IPPROTO_IP, c.IP_PKTINFO ?? c.IP_RECVTTL],
  [c.IPPROTO_IP, c.IP_RECVERR ?? c.IP_RECVTTL],
  [c.IPPROTO_IP, c.IP_RECVTOS ?? c.IP_RECVTTL],
  [c.IPPROTO_IPV6, c.IPV6_RECVPKTINFO],
  [c.IPPROTO_IPV6, c.IPV6_RECVHOPLIMIT],
  [c.IPPROTO_IPV6, c.IPV6_RECVERR ?? c.IPV6_RECVHOPLIMIT],
  [c.IPPROTO_TCP, c.TCP_NODELAY],
];
const families = [c.AF_INET, c.AF_INET6, c.AF_UNIX, c.AF_UNIX, 900];
const types = [c.SOCK_STREAM, c.SOCK_DGRAM, c.SOCK_DGRAM, c.SOCK_SEQPACKET];

function listenerWithClient(): number {
  const [listener, client] = [0, 1].map(() => {
    const made = sys.socket(c.AF_INET, c.SOCK_STREAM);
    take(made);
    return made;
  }) as [number, number];
  sys.bind(listener, { address: '127.0.0.1', port: 0 });
  sys.listen(listener);
  const name = sys.getsockname(listener);
  note(name);
  sys.tryConnect(client, name);
  return listener;
}

/** Linux's, which makes a descriptor; the C library's headers may lack it. */
const SO_PEERPIDFD = 77;

function anyOption(): [level: number, option: number] {
  const option = int();
  return [int(), option === SO_PEERPIDFD ? 0 : option];
}

/** One call each; by name, so that a test can see that none is missing. */
const calls: Record<string, () => unknown> = {
  socket: () => {
    take(
      sys.socket(pick(families), pick(types) | (c.SOCK_NONBLOCK ?? 0), below(20) === 0 ? 253 : 0),
    );
  },
  socketpair: () => {
    sys.socketpair(pick(families), pick(types), 0).forEach(take);
  },
  bind: () => {
    const one = fd();
    // Port 0 for the most part, so that there is always one.
    const where = chance(0.7) ? { address: pick(['127.0.0.1', '::1']), port: 0 } : address();
    sys.bind(one, where);
    note(sys.getsockname(one));
  },
  listen: () => {
    sys.listen(fd(), below(5));
  },
  accept: () => {
    take(sys.accept(chance(0.2) ? listenerWithClient() : fd()).fd);
  },
  tryAccept: () => {
    const result = sys.tryAccept(fd());
    if (typeof result !== 'number') take(result.fd);
  },
  connect: () => {
    sys.connect(fd(), address());
  },
  tryConnect: () => sys.tryConnect(fd(), address()),
  send: () => sys.send(fd(), data(), flags()),
  trySend: () => sys.trySend(fd(), data(), flags()),
  recv: () => sys.recv(fd(), data(), flags()),
  tryRecv: () => sys.tryRecv(fd(), data(), flags()),
  sendto: () => sys.sendto(fd(), data(), address(), flags()),
  recvfrom: () => sys.recvfrom(fd(), data(), flags()),
  sendmsg: () => sys.sendmsg(fd(), message(), flags()),
  recvmsg: () => {
    const controlBytes = chance(0.5) ? undefined : below(300) - 2;
    keep(sys.recvmsg(fd(), dataList(), { flags: flags(), controlBytes }).control);
  },
  sendmmsg: () => sys.sendmmsg(fd(), Array.from({ length: below(6) }, message), flags()),
  recvmmsg: () => {
    const list = slots.slice(below(4), 4 + below(5));
    for (const one of list) if (chance(0.1)) one.buffer = data();
    for (const one of list) if (chance(0.05)) one.controlBytes = below(200);
    const received = sys.recvmmsg(fd(), list, flags());
    for (const one of list.slice(0, received)) {
      if (chance(0.5)) keep(one.control);
      if (chance(0.5)) addressesRead += one.address === null ? 0 : 1;
    }
  },
  getsockopt: () =>
    sys.getsockopt(fd(), ...anyOption(), chance(0.5) ? below(300) : (undefined as never)),
  setsockopt: () => {
    const [level, option] = pick(options);
    sys.setsockopt(fd(), level, option, pick([0, 1, true, 4096, data()]));
  },
  getsockname: () => sys.getsockname(fd()),
  getpeername: () => sys.getpeername(fd()),
  shutdown: () => {
    sys.shutdown(fd(), chance(0.1) ? int() : below(3));
  },
  dup: () => {
    take(sys.dup(fd()));
  },
  close: () => {
    const one = fd();
    if (pool.includes(one)) drop(one);
    else sys.close(one);
  },
  poll: () => {
    const list = Array.from({ length: below(5) }, () => ({ fd: fd(), events: below(64) }));
    return sys.poll(list, 0);
  },
  // Numbers alone: a name server is beyond the loopback.
  getaddrinfo: () =>
    sys.getaddrinfo(pick(['127.0.0.1', '::1', 'x', '', null]), pick([80, 'http', null, '99999']), {
      flags: c.AI_NUMERICHOST | (chance(0.3) ? c.AI_PASSIVE : 0),
      family: below(12),
      type: below(4),
    }),
  getnameinfo: () => sys.getnameinfo(address(), c.NI_NUMERICHOST | c.NI_NUMERICSERV | below(16)),
  if_nametoindex: () => sys.if_nametoindex(pick(names)),
  if_indextoname: () => sys.if_indextoname(pick([0, 1, 2, 999, -1, 2 ** 32])),
  setNonblocking: () => {
    // Never off: nothing here may wait.
    sys.setNonblocking(fd(), pick([true, true, true, 1, 'off', null]) as boolean);
  },
  sendfile: () =>
    sys.sendfile(fd(), chance(0.5) ? file : fd(), pick([null, 0, 5, -1, 2 ** 40]), below(5000)),
};

/** What an error of ours has. */
function isProper(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && code !== '' && !error.message.includes('undefined undefined');
}

test('every call is among those that are made', () => {
  const functions = Object.entries(sys).filter(([, value]) => typeof value === 'function');
  expect(Object.keys(calls).sort()).toEqual(functions.map(([name]) => name).sort());
});

test(`${CALLS} calls by chance, seed ${SEED}`, () => {
  const before = openFds();
  file = fs.openSync(__filename, 'r');
  const done = new Map<string, [results: number, errors: number]>();
  const list = Object.entries(calls);
  for (let count = 0; count < CALLS; count++) {
    const [name, call] = pool.length < 10 ? (['socket', calls.socket] as const) : pick(list);
    const tally = done.get(name) ?? [0, 0];
    done.set(name, tally);
    try {
      call?.();
      tally[0]++;
    } catch (error) {
      tally[1]++;
      if (!isProper(error)) throw error;
    }
    while (pool.length > LARGEST_POOL) drop(pick(pool));
  }
  for (const one of [...pool, file]) drop(one);
  // Those that came and nobody has read are closed when the slots are used again.
  const [a, b] = sys.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
  for (const slot of slots) slot.buffer = Buffer.alloc(1);
  sys.sendmmsg(a, [{ data: Buffer.from('x') }]);
  sys.recvmmsg(b, slots, c.MSG_WAITFORONE);
  sys.close(a);
  sys.close(b);
  expect(openFds()).toEqual(before);
  expect(addressesRead).toBeGreaterThan(0);
  // It was not errors alone, nor results alone, of any of them.
  for (const [name, [results, errors]] of done) {
    const isTold = errors > 0 || /^(poll|try)/.test(name);
    expect([name, results > 0, isTold]).toEqual([name, true, true]);
  }
});
