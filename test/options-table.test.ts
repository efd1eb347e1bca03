import { constants as c, type OptionName, options, type WritableOption } from 'sockkit';
import { hasIPv6 } from './helpers/net.js';
import { closeSockets, isRoot, make, type SocketKind } from './helpers/sockets.js';

afterEach(closeSockets);

const IP: SocketKind[] = ['tcp4', 'udp4', 'tcp6', 'udp6'];
const UNIX: SocketKind[] = ['unix', 'unixDgram'];
const TCP: SocketKind[] = ['tcp4', 'tcp6'];
const UDP: SocketKind[] = ['udp4', 'udp6'];
const V4: SocketKind[] = ['tcp4', 'udp4'];
const V6: SocketKind[] = ['tcp6', 'udp6'];

interface Sample {
  names: WritableOption[];
  kinds: SocketKind[];
  value: unknown;
  /** What is read after that; without it, the value itself. */
  read?: unknown;
  root?: boolean;
}

// prettier-ignore
const SAMPLES: Sample[] = [
  { names: ['keepAlive', 'reuseAddr', 'broadcast', 'oobInline', 'rcvMark', 'rxqOvfl', 'dontRoute', 'selectErrQueue', 'noCheck', 'wifiStatus', 'noFcs'],
    kinds: [...IP, ...UNIX], value: true },
  { names: ['reusePort', 'timestamp', 'timestampNs', 'zeroCopy'], kinds: IP, value: true },
  { names: ['debug', 'preferBusyPoll'], kinds: [...IP, ...UNIX], value: true, root: true },
  { names: ['passCred', 'passSec'], kinds: UNIX, value: true },
  { names: ['linger'], kinds: [...IP, ...UNIX], value: { on: true, seconds: 7 } },
  { names: ['rcvTimeo', 'sndTimeo'], kinds: [...IP, ...UNIX], value: 1500 },
  { names: ['rcvBuf', 'sndBuf'], kinds: [...IP, ...UNIX], value: 20_000, read: 40_000 },
  { names: ['rcvLowat'], kinds: [...IP, 'unix'], value: 5 },
  { names: ['priority'], kinds: [...IP, ...UNIX], value: 5 },
  { names: ['mark'], kinds: [...IP, ...UNIX], value: 4_000_000_000, root: true },
  { names: ['maxPacingRate'], kinds: [...IP, ...UNIX], value: 10n ** 12n },
  { names: ['incomingCpu'], kinds: [...IP, ...UNIX], value: 0 },
  { names: ['bufLock'], kinds: [...IP, ...UNIX], value: 3 },
  { names: ['busyPoll'], kinds: [...IP, ...UNIX], value: 10, root: true },
  { names: ['peekOff'], kinds: [...UDP, ...UNIX], value: 0 },
  { names: ['timestamping'], kinds: IP, value: 0x18 },
  { names: ['bindToDevice'], kinds: [...IP, ...UNIX], value: 'lo' },
  { names: ['bindToIfindex'], kinds: [...IP, ...UNIX], value: 1 },
  { names: ['lockFilter'], kinds: [...IP, ...UNIX], value: true },
  { names: ['txRehash'], kinds: TCP, value: 0 },
  { names: ['tcpNodelay', 'tcpCork', 'tcpFastOpenConnect', 'tcpFastOpenNoCookie', 'tcpInq', 'tcpThinLinearTimeouts'], kinds: TCP, value: true },
  { names: ['tcpQuickAck'], kinds: TCP, value: false },
  { names: ['tcpKeepIdle', 'tcpKeepIntvl', 'tcpKeepCnt', 'tcpSynCnt', 'tcpLinger2'], kinds: TCP, value: 42 },
  { names: ['tcpUserTimeout', 'tcpNotsentLowat'], kinds: TCP, value: 3000 },
  { names: ['tcpDeferAccept'], kinds: TCP, value: 3, read: expect.any(Number) },
  { names: ['tcpSaveSyn'], kinds: TCP, value: 1 },
  { names: ['tcpCongestion'], kinds: TCP, value: 'reno' },
  { names: ['tcpWindowClamp'], kinds: TCP, value: 50_000 },
  { names: ['tcpTxDelay'], kinds: TCP, value: 1000 },
  { names: ['udpCork', 'udpGro', 'udpNoCheck6Rx', 'udpNoCheck6Tx'], kinds: UDP, value: true },
  { names: ['udpSegment'], kinds: UDP, value: 1200 },
  { names: ['ipBindAddressNoPort', 'ipFreebind', 'ipRecvErr', 'ipRecvErrRfc4884', 'ipRecvOpts', 'ipRetOpts', 'ipRecvTos', 'ipRecvTtl', 'ipPktInfo', 'ipPassSec', 'ipRecvOrigDstAddr'],
    kinds: V4, value: true },
  { names: ['ipChecksum', 'ipRecvFragSize'], kinds: ['udp4'], value: true },
  { names: ['ipTransparent'], kinds: V4, value: true, root: true },
  { names: ['ipMulticastAll', 'ipMulticastLoop'], kinds: ['udp4'], value: false },
  { names: ['ipMulticastTtl'], kinds: ['udp4'], value: 9 },
  { names: ['ipMulticastIf'], kinds: ['udp4'], value: '127.0.0.1' },
  { names: ['ipUnicastIf'], kinds: V4, value: 1 },
  { names: ['ipMinTtl', 'ipTtl'], kinds: V4, value: 33 },
  { names: ['ipTos'], kinds: V4, value: 0x10 },
  { names: ['ipMtuDiscover'], kinds: V4, value: c.IP_PMTUDISC_DO },
  { names: ['ipLocalPortRange'], kinds: V4, value: { low: 40_000, high: 50_000 } },
  { names: ['ipOptions'], kinds: V4, value: Buffer.from([1, 1, 1, 0]) },
  { names: ['ipHdrIncl', 'ipNodefrag'], kinds: ['raw4'], value: true, root: true },
  { names: ['ipv6V6only', 'ipv6DontFrag', 'ipv6FlowInfo', 'ipv6Freebind', 'ipv6RecvDstOpts', 'ipv6RecvErr', 'ipv6RecvErrRfc4884', 'ipv6RecvFragSize', 'ipv6RecvHopLimit', 'ipv6RecvHopOpts', 'ipv6RecvOrigDstAddr', 'ipv6RecvPathMtu', 'ipv6RecvPktInfo', 'ipv6RecvRthdr', 'ipv6RecvTclass', 'ipv6FlowInfoSend'],
    kinds: V6, value: true },
  { names: ['ipv6Transparent'], kinds: V6, value: true, root: true },
  { names: ['ipv6MulticastAll', 'ipv6MulticastLoop', 'ipv6AutoFlowLabel'], kinds: ['udp6'], value: false },
  { names: ['ipv6MulticastHops', 'ipv6UnicastHops', 'ipv6MinHopCount'], kinds: ['udp6'], value: 9 },
  { names: ['ipv6MulticastIf', 'ipv6UnicastIf'], kinds: ['udp6'], value: 1 },
  { names: ['ipv6MtuDiscover'], kinds: V6, value: c.IPV6_PMTUDISC_DO },
  { names: ['ipv6Tclass'], kinds: V6, value: 0x28 },
  { names: ['ipv6AddrPreferences'], kinds: V6, value: c.IPV6_PREFER_SRC_TMP, read: expect.any(Number) },
  { names: ['ipv6HdrIncl'], kinds: ['raw6'], value: true, root: true },
  { names: ['packetAuxData', 'packetIgnoreOutgoing', 'packetLoss', 'packetOrigDev', 'packetQdiscBypass'], kinds: ['packet'], value: true, root: true },
  { names: ['packetVersion'], kinds: ['packet'], value: 2, root: true },
];

// Whatever one row is, the call is the same.
interface Loose {
  getOption(name: string): unknown;
  setOption(name: string, value: unknown): void;
}

const cases = SAMPLES.flatMap(({ names, kinds, root = false, ...sample }) =>
  names.flatMap((name) => kinds.map((kind) => ({ name, kind, root, ...sample }))),
);

function reasonToSkip(name: OptionName, kind: SocketKind, root: boolean): string | null {
  if (c[options[name].constant] === undefined)
    return `this system has no ${options[name].constant}`;
  if (kind.endsWith('6') && !hasIPv6) return 'this machine has no IPv6';
  if (root && !isRoot) return 'not root';
  return null;
}

const possible = cases.filter(({ name, kind, root }) => reasonToSkip(name, kind, root) === null);
if (possible.length < cases.length) {
  const reasons = cases.flatMap(({ name, kind, root }) => reasonToSkip(name, kind, root) ?? []);
  console.warn(`options are not tested: ${[...new Set(reasons)].join(', ')}`);
}

test.each(possible)(
  '$name of a $kind socket takes $value',
  ({ name, kind, value, read = value }) => {
    const socket = make(kind) as unknown as Loose;
    expect(socket.getOption(name)).not.toEqual(value);
    socket.setOption(name, value);
    expect(socket.getOption(name)).toEqual(read);
  },
);

test('the table is as large as socket2 and has no name twice', () => {
  const rows = Object.values(options).map(({ level, constant }) => `${level} ${constant}`);
  expect(new Set(rows).size).toBe(rows.length);
  expect(rows.length).toBeGreaterThan(150);
});

test.each(Object.entries(options))('%s is named as its constant', (name, { constant }) => {
  const plain = constant.replace(/^SO_/, '').replaceAll('_', '').toLowerCase();
  expect(name.toLowerCase()).toBe(plain);
});

test.each(
  Object.entries(options).filter(
    ([name, { access }]) =>
      access === 'read' &&
      reasonToSkip(name as OptionName, 'tcp4', name.startsWith('packet')) === null,
  ),
)('%s can be read on some kind of socket, or says why not', (name) => {
  const kinds: SocketKind[] = isRoot ? ['tcp4', 'unix', 'packet'] : ['tcp4', 'unix'];
  const results = kinds.map((kind) => {
    try {
      return typeof (make(kind) as unknown as Loose).getOption(name);
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  expect(results).toContainEqual(
    expect.stringMatching(/^(boolean|number|bigint|string|object|ENODATA|ENOTCONN|ENOPROTOOPT)$/),
  );
});
