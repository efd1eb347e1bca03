import { constants as c, options, Socket } from 'sockkit';
import * as sys from 'sockkit/sys';
import { codeOf, failure, ready, testWhere } from './helpers/net.js';
import { closeSockets, connected, listening, make, own } from './helpers/sockets.js';

afterEach(closeSockets);

const GROUP = '239.7.7.7';
const DROP_ALL = [{ code: 6, jt: 0, jf: 0, k: 0 }];

const canFilter = ((): boolean => {
  try {
    make('udp4').setOption('attachFilter', DROP_ALL);
    return true;
  } catch {
    return false;
  } finally {
    closeSockets();
  }
})();
const testFilter = canFilter ? test : testWhere(false, 'this process may not attach filters');

/** For calls that TypeScript forbids. */
const loose = (socket: Socket) =>
  socket as unknown as {
    getOption(name: unknown): unknown;
    setOption(name: unknown, value?: unknown): void;
  };

test('a name that is not there is a TypeError with the nearest that is', () => {
  const socket = loose(make('tcp4'));
  for (const [written, meant] of [
    ['reuseAdr', 'reuseAddr'],
    ['tcpNoDelay', 'tcpNodelay'],
    ['SO_KEEPALIVE', 'keepAlive'],
    ['TCP_USER_TIMEOUT', 'tcpUserTimeout'],
    ['peercred', 'peerCred'],
  ]) {
    expect(failure(() => socket.getOption(written))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: `Unknown option '${written}'; did you mean '${meant}'?`,
    });
  }
  for (const name of ['zzzzzzzzzzzzzz', 'toString', '__proto__', '', 7, null, undefined, {}]) {
    expect(codeOf(() => socket.getOption(name))).toBe('ERR_INVALID_ARG_VALUE');
    expect(
      codeOf(() => {
        socket.setOption(name, 1);
      }),
    ).toBe('ERR_INVALID_ARG_VALUE');
  }
});

test('what can only be read cannot be set, and the other way round', () => {
  const socket = loose(make('tcp4'));
  expect(
    failure(() => {
      socket.setOption('error', 0);
    }).message,
  ).toBe("The option 'error' (SO_ERROR) cannot be set");
  expect(failure(() => socket.getOption('attachFilter')).message).toBe(
    "The option 'attachFilter' (SO_ATTACH_FILTER) cannot be read",
  );
  // The hint is for what could have been meant.
  expect(
    failure(() => {
      socket.setOption('eror', 0);
    }).message,
  ).not.toContain("'error'");
});

test('an option that this system lacks is ENOPROTOOPT', () => {
  const lacking = Object.entries(options).find(([, row]) => c[row.constant] === undefined);
  expect(lacking).toBeDefined();
  const [name = '', row] = lacking ?? [];
  const error = failure(() => loose(make('tcp4')).getOption(name));
  expect(error).toMatchObject({ name: 'SocketError', code: 'ENOPROTOOPT', syscall: 'getsockopt' });
  expect(error.message).toBe(
    `getsockopt ENOPROTOOPT ${row?.constant}: ${process.platform} has no such option`,
  );
});

test('an option that the kind of socket lacks names the option', () => {
  expect(failure(() => make('unix').getOption('tcpNodelay')).message).toBe(
    'getsockopt ENOTSUP TCP_NODELAY',
  );
});

const WRONG: [name: string, values: unknown[]][] = [
  ['reuseAddr', [1, 0, 'true', null, undefined, {}]],
  ['ipTtl', [NaN, 1.5, 2 ** 31, -(2 ** 31) - 1, '64', 64n, true, null, undefined]],
  ['mark', [-1, 2 ** 32, NaN, '1', null]],
  ['maxPacingRate', [1, -1n, 2n ** 64n, '1', null]],
  ['rcvTimeo', [-1, NaN, Infinity, 2 ** 31, '5', null]],
  ['linger', [null, 1, {}, { on: 1, seconds: 1 }, { on: true, seconds: -1 }, { on: true }]],
  ['bindToDevice', [1, null, 'lo\0', Buffer.from('lo')]],
  ['ipOptions', ['text', 1, null, new SharedArrayBuffer(4)]],
  ['ipUnicastIf', [-1, 1.5, '1', null]],
  ['ipLocalPortRange', [null, { low: 1 }, { low: -1, high: 1 }, { low: 1, high: 65536 }]],
  ['ipMulticastIf', [1, null, 'x', '::1', { ifindex: -1 }, { interface: '1' }]],
  ['ipAddMembership', [null, {}, { group: 1 }, { group: '::1' }, { group: GROUP, ifindex: '1' }]],
  ['ipAddMembership', [{ group: '239.1' }, { group: '239.1.1.01' }, { group: '239.1.1.256' }]],
  ['ipAddSourceMembership', [{ group: GROUP }, { group: GROUP, source: 'host' }]],
  ['ipv6JoinGroup', [{}, { group: GROUP }, { group: 'ff02::1%lo' }, { group: ':::' }]],
  ['ipv6JoinGroup', [{ group: '1:2:3:4:5:6:7' }, { group: '1:2:3:4:5:6:7:8:9' }, { group: '::g' }]],
  ['mcastJoinSourceGroup', [{ group: 'ff05::1' }, { group: 'ff05::1', source: '1.2.3.4' }]],
  ['packetAddMembership', [{ ifindex: 1 }, { ifindex: 1, type: 1, address: 'x' }]],
  ['packetAddMembership', [{ ifindex: 1, type: 1, address: new Uint8Array(9) }]],
  ['attachFilter', [null, 1, {}, [1], [{}], [{ code: 6, jt: 256, jf: 0, k: 0 }], new Array(4097)]],
];

test.each(WRONG)('%s refuses another kind of value before any call', (name, values) => {
  const socket = loose(make('udp4'));
  for (const value of values) {
    const error = failure(() => {
      socket.setOption(name, value);
    });
    expect(error.code).toMatch(
      /^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE|INVALID_IP_ADDRESS|SOCKET_BAD_PORT)$/,
    );
  }
});

test('times go in milliseconds, and never become none', () => {
  const socket = make('tcp4');
  for (const [written, least] of [
    [0.001, 0],
    [1234.5, 1234],
    [3_600_000, 3_599_999],
  ] as const) {
    socket.setOption('rcvTimeo', written);
    // The kernel counts in ticks, and rounds up.
    expect(socket.getOption('rcvTimeo')).toBeGreaterThan(least);
    expect(socket.getOption('rcvTimeo')).toBeLessThanOrEqual(written + 20);
  }
});

test('linger with 0 seconds resets the connection', () => {
  const [client, server] = connected();
  client.setOption('linger', { on: true, seconds: 0 });
  client.close();
  expect(codeOf(() => server.recv(1))).toBe('ECONNRESET');
});

test('peerCred, peerGroups and type tell of the other end and of the socket', () => {
  const [client] = connected('unix');
  const { pid, uid, gid } = client.getOption('peerCred');
  expect([pid, uid, gid]).toEqual([process.pid, process.getuid?.(), process.getgid?.()]);
  const groups = (process.getgroups?.() ?? []).sort((a, b) => a - b);
  expect(groups).toEqual(expect.arrayContaining(client.getOption('peerGroups')));
  expect(client.getOption('type')).toBe(c.SOCK_STREAM);
  expect(client.getOption('domain')).toBe(c.AF_UNIX);
  expect(client.getOption('acceptConn')).toBe(false);
  expect(listening().getOption('acceptConn')).toBe(true);
});

test('cookie is a bigint, and another for each socket', () => {
  const cookies = [make('tcp4'), make('udp4')].map((socket) => socket.getOption('cookie'));
  expect(cookies.map((cookie) => typeof cookie)).toEqual(['bigint', 'bigint']);
  expect(cookies[0]).not.toBe(cookies[1]);
});

test('tcpInfo has every field that the kernel returned, as numbers', () => {
  const [client, server] = connected();
  client.sendAll(Buffer.alloc(10_000));
  server.recvExact(10_000);
  const { state, caState, deliveryRateAppLimited, ...numbers } = client.getOption('tcpInfo');
  expect([state, caState, typeof deliveryRateAppLimited]).toEqual([
    'ESTABLISHED',
    'open',
    'boolean',
  ]);
  expect(Object.values(numbers).every((value) => typeof value === 'number')).toBe(true);
  expect(numbers).toMatchObject({ totalRetrans: 0, bytesSent: 10_000 });
  expect(numbers.rttUs).toBeGreaterThan(0);
  expect(server.getOption('tcpInfo').bytesReceived).toBe(10_000);
  expect(server.getOption('tcpInfo').sndWscale).toBe(numbers.rcvWscale);
  expect(listening().getOption('tcpInfo').state).toBe('LISTEN');
  client.shutdown(c.SHUT_WR);
  expect(client.getOption('tcpInfo').state).toMatch(/^FIN_WAIT[12]$/);

  // No byte of the struct is without a name: the raw bytes are as many as the fields describe.
  const raw = sys.getsockopt(client.fd, c.IPPROTO_TCP, c.TCP_INFO ?? -1, 512);
  const last = Object.keys(client.getOption('tcpInfo')).at(-1);
  expect([280, 248, 232].includes(raw.length) ? last : 'unknown length').toBe(
    { 280: 'accecnOptSeen', 248: 'totalRtoTimeMs', 232: 'sndWndBytes' }[raw.length],
  );
});

testWhere(process.platform === 'linux', 'not Linux')(
  'oobInline is inherited by what a TCP listener accepts, and not by what a unix one does',
  () => {
    for (const kind of ['tcp4', 'unix'] as const) {
      const server = listening(kind);
      server.setOption('oobInline', true);
      const client = make(kind);
      client.connect(server.localAddress);
      const accepted = own(server.accept().socket);
      expect(accepted.getOption('oobInline')).toBe(kind === 'tcp4');
    }
  },
);

test('error is the pending error, once', () => {
  const socket = make('udp4');
  const closed = make('udp4');
  closed.bind({ address: '127.0.0.1', port: 0 });
  const address = closed.localAddress;
  closed.close();
  socket.connect(address);
  socket.send(Buffer.from('x'));
  ready(socket.fd, c.POLLIN);
  expect(socket.getOption('error')).toBe(111);
  expect(socket.getOption('error')).toBe(0);
});

testFilter('a filter drops what it says, can be read, and goes away', () => {
  const [receiver, sender] = [make('udp4'), make('udp4')];
  receiver.bind({ address: '127.0.0.1', port: 0 });
  sender.connect(receiver.localAddress);
  // Keeps datagrams whose first byte behind the 8 bytes of the UDP header is `k`.
  const program = [
    { code: 0x30, jt: 0, jf: 0, k: 8 },
    { code: 0x15, jt: 0, jf: 1, k: 0x6b },
    { code: 0x06, jt: 0, jf: 0, k: 0xffffffff },
    ...DROP_ALL,
  ];
  expect(receiver.getOption('getFilter')).toEqual([]);
  receiver.setOption('attachFilter', program);
  expect(receiver.getOption('getFilter')).toEqual(program);
  for (const text of ['dropped', 'kept', 'lost']) sender.send(Buffer.from(text));
  expect(receiver.recv(100).toString()).toBe('kept');
  receiver.nonblocking = true;
  expect(codeOf(() => receiver.recv(100))).toBe('EAGAIN');
  receiver.setOption('detachFilter', true);
  sender.send(Buffer.from('dropped no more'));
  ready(receiver.fd, c.POLLIN);
  expect(receiver.recv(100).toString()).toBe('dropped no more');
});

testFilter('a program that the kernel refuses is EINVAL', () => {
  const socket = make('udp4');
  for (const program of [
    [],
    [{ code: 0xffff, jt: 0, jf: 0, k: 0 }],
    [{ ...DROP_ALL[0], code: 5 }],
  ]) {
    expect(
      codeOf(() => {
        socket.setOption('attachFilter', program as typeof DROP_ALL);
      }),
    ).toBe('EINVAL');
  }
});

test('no option can be read or written on a closed socket', () => {
  const socket = make('tcp4');
  socket.close();
  expect(codeOf(() => socket.getOption('type'))).toBe('ERR_SOCKET_CLOSED');
  expect(
    codeOf(() => {
      socket.setOption('reuseAddr', true);
    }),
  ).toBe('ERR_SOCKET_CLOSED');
});
