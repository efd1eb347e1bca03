// What no system call can answer, for the calls that move messages: a clear error before one is
// made, for every argument and every part of one.
import * as sys from 'sockkit/sys';
import { countDescriptors, slot } from './helpers/datagrams.js';
import { NOT_DATA, NOT_NUMBERS, OUT_OF_INT } from './helpers/junk.js';
import { CLOSED_FD, codeOf, failure } from './helpers/net.js';

const { constants: c } = sys;
const LOCAL = { address: '127.0.0.1', port: 9 };
const x = Buffer.from('x');

countDescriptors();

const RANGE = 'ERR_OUT_OF_RANGE';
const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';

type Refused = [code: string, value: unknown];
const as = (code: string, values: readonly unknown[]): Refused[] =>
  values.map((value) => [code, value]);

const fd = [...as(TYPE, [undefined, ...NOT_NUMBERS]), ...as(RANGE, [-1, ...OUT_OF_INT])];
const int = [...as(TYPE, [undefined, ...NOT_NUMBERS]), ...as(RANGE, OUT_OF_INT)];
const optional = int.filter(([, value]) => value !== undefined);
const data = as(TYPE, NOT_DATA);
const notObjects = as(TYPE, [undefined, null, 'text', 5, 5n, true, Symbol('x'), () => 3]);
const notLists = as(TYPE, ['text', 5, true, {}, { length: 1 }, new Set([1]), x]);
const beyondInt = [NaN, Infinity, 1.5, 2 ** 53, -(2 ** 31) - 1];
const control = (item: object) => (bad: unknown) =>
  sys.sendmsg(CLOSED_FD, { data: x, control: [{ ...item, ...(bad as object) }] as never });
const field = (item: object, name: string) => (bad: unknown) => control(item)({ [name]: bad });
const raw = { level: 1, type: 99, data: x };
const rights = { type: 'rights', fds: [] };
const credentials = { type: 'credentials', pid: 1, uid: 1, gid: 1 };
const packet = { family: 'packet' };

const cases: [name: string, call: (bad: never) => unknown, refused: Refused[]][] = [
  ['socketpair domain', (bad) => sys.socketpair(bad, 1), int],
  ['socketpair type', (bad) => sys.socketpair(1, bad), int],
  ['socketpair protocol', (bad) => sys.socketpair(1, 1, bad), optional],
  ['sendto fd', (bad) => sys.sendto(bad, x, LOCAL), fd],
  ['sendto data', (bad) => sys.sendto(CLOSED_FD, bad, LOCAL), data],
  ['sendto address', (bad) => sys.sendto(CLOSED_FD, x, bad), notObjects],
  ['sendto flags', (bad) => sys.sendto(CLOSED_FD, x, LOCAL, bad), optional],
  ['recvfrom fd', (bad) => sys.recvfrom(bad, x), fd],
  ['recvfrom buffer', (bad) => sys.recvfrom(CLOSED_FD, bad), data],
  ['recvfrom flags', (bad) => sys.recvfrom(CLOSED_FD, x, bad), optional],
  ['sendmsg fd', (bad) => sys.sendmsg(bad, { data: x }), fd],
  ['sendmsg message', (bad) => sys.sendmsg(CLOSED_FD, bad), notObjects],
  ['sendmsg data', (bad) => sys.sendmsg(CLOSED_FD, { data: bad }), data],
  ['sendmsg data[1]', (bad) => sys.sendmsg(CLOSED_FD, { data: [x, bad] }), data],
  ['sendmsg flags', (bad) => sys.sendmsg(CLOSED_FD, { data: x }, bad), optional],
  ['sendmsg control', (bad) => sys.sendmsg(CLOSED_FD, { data: x, control: bad }), notLists],
  ['sendmsg control[0]', (bad) => sys.sendmsg(CLOSED_FD, { data: x, control: [bad] }), notObjects],
  [
    'sendmsg control length',
    (bad) => sys.sendmsg(CLOSED_FD, { data: x, control: new Array(bad) }),
    as(RANGE, [1025, 2 ** 32 - 1]),
  ],
  ['recvmsg fd', (bad) => sys.recvmsg(bad, x), fd],
  ['recvmsg buffers', (bad) => sys.recvmsg(CLOSED_FD, bad), data],
  ['recvmsg buffers[1]', (bad) => sys.recvmsg(CLOSED_FD, [x, bad]), data],
  ['recvmsg flags', (bad) => sys.recvmsg(CLOSED_FD, x, { flags: bad }), optional],
  [
    'recvmsg controlBytes',
    (bad) => sys.recvmsg(CLOSED_FD, x, { controlBytes: bad }),
    [...as(TYPE, NOT_NUMBERS), ...as(RANGE, [-1, 65_537, ...OUT_OF_INT])],
  ],
  ['sendmmsg fd', (bad) => sys.sendmmsg(bad, []), fd],
  ['sendmmsg messages', (bad) => sys.sendmmsg(CLOSED_FD, bad), [...notLists, [TYPE, undefined]]],
  ['sendmmsg messages[0]', (bad) => sys.sendmmsg(CLOSED_FD, [bad]), notObjects],
  ['sendmmsg data', (bad) => sys.sendmmsg(CLOSED_FD, [{ data: bad }]), data],
  ['sendmmsg data[1]', (bad) => sys.sendmmsg(CLOSED_FD, [{ data: [x, bad] }]), data],
  ['sendmmsg flags', (bad) => sys.sendmmsg(CLOSED_FD, [], bad), optional],
  ['recvmmsg fd', (bad) => sys.recvmmsg(bad, []), fd],
  ['recvmmsg slots', (bad) => sys.recvmmsg(CLOSED_FD, bad), [...notLists, [TYPE, undefined]]],
  ['recvmmsg slots[0]', (bad) => sys.recvmmsg(CLOSED_FD, [bad]), notObjects],
  ['recvmmsg buffer', (bad) => sys.recvmmsg(CLOSED_FD, [slot(1, { buffer: bad })]), data],
  ['recvmmsg flags', (bad) => sys.recvmmsg(CLOSED_FD, [], bad), optional],
  ['sendfile outFd', (bad) => sys.sendfile(bad, CLOSED_FD, 0, 1), fd],
  ['sendfile inFd', (bad) => sys.sendfile(CLOSED_FD, bad, 0, 1), fd],
  [
    'sendfile offset',
    (bad) => sys.sendfile(CLOSED_FD, CLOSED_FD, bad, 1),
    [...as(TYPE, [undefined, '1', {}, true, 5n]), ...as(RANGE, [-1, ...beyondInt])],
  ],
  [
    'sendfile count',
    (bad) => sys.sendfile(CLOSED_FD, CLOSED_FD, 0, bad),
    [...as(TYPE, [undefined, ...NOT_NUMBERS]), ...as(RANGE, [-1, ...beyondInt])],
  ],
  ['getnameinfo address', (bad) => sys.getnameinfo(bad), notObjects],
  ['getnameinfo flags', (bad) => sys.getnameinfo(LOCAL, bad), optional],
  ['if_nametoindex name', (bad) => sys.if_nametoindex(bad), as(TYPE, [undefined, null, 1, {}, x])],
  [
    'if_indextoname index',
    (bad) => sys.if_indextoname(bad),
    [...as(TYPE, [undefined, ...NOT_NUMBERS]), ...as(RANGE, [-1, 2 ** 32, ...beyondInt])],
  ],
  [
    'control type',
    field(raw, 'type'),
    [
      ...as(TYPE, [undefined, null, 5n, {}]),
      ...as(RANGE, OUT_OF_INT),
      ...as(VALUE, ['', 'rigths']),
    ],
  ],
  ['timestamps and errors', field(raw, 'type'), as(VALUE, ['timestamp', 'recverr'])],
  ['control level', field(raw, 'level'), int],
  ['control data', field(raw, 'data'), data],
  ['control data length', field(raw, 'data'), as(RANGE, [new Uint8Array(65_537)])],
  ['rights fds', field(rights, 'fds'), [...notLists, [TYPE, undefined]]],
  [
    'rights fds length',
    field(rights, 'fds'),
    as(RANGE, [new Array(2 ** 32 - 1), new Array(16_385)]),
  ],
  ['rights fds[0]', (bad) => field(rights, 'fds')([bad]), fd],
  ['credentials pid', field(credentials, 'pid'), fd],
  [
    'credentials uid',
    field(credentials, 'uid'),
    [...as(TYPE, [undefined, ...NOT_NUMBERS]), ...as(RANGE, [-1, 2 ** 32, ...beyondInt])],
  ],
  ['credentials gid', field(credentials, 'gid'), as(RANGE, [-1, 2 ** 32, ...beyondInt])],
  [
    'pktinfo address',
    field({ type: 'pktinfo' }, 'address'),
    [
      ...as(TYPE, [1, {}, x]),
      ...as('ERR_INVALID_IP_ADDRESS', [
        '127.1',
        'localhost',
        '1.2.3.4\0',
        ' ',
        ':',
        'é',
        '1'.repeat(999),
      ]),
    ],
  ],
  ['pktinfo specDst', field({ type: 'pktinfo' }, 'specDst'), as(TYPE, [1, {}, x])],
  ['pktinfo ifindex', field({ type: 'pktinfo' }, 'ifindex'), as(RANGE, [-1, 2 ** 32, NaN])],
  [
    'pktinfo family',
    field({ type: 'pktinfo', address: '::1' }, 'family'),
    as(VALUE, ['IPv4', 'unix', 4, null]),
  ],
  [
    'ttl value',
    field({ type: 'ttl' }, 'value'),
    [...as(TYPE, [undefined, ...NOT_NUMBERS]), ...as(RANGE, [-2, 256, ...OUT_OF_INT])],
  ],
  ['tos family', field({ type: 'tos', value: 1 }, 'family'), as(VALUE, ['IPv5', 6, null, ''])],
  [
    'packet ifindex',
    (bad) => {
      sys.bind(CLOSED_FD, { ...packet, ifindex: bad } as never);
    },
    as(RANGE, [-1, 2 ** 32, ...beyondInt]),
  ],
];

test.each(cases)('%s', (_name, call, refused) => {
  expect(refused.length).toBeGreaterThan(0);
  for (const [code, value] of refused) {
    const error = failure(() => call(value as never));
    const name = code === RANGE ? 'RangeError' : 'TypeError';
    expect([value, error.code, error.name]).toEqual([value, code, name]);
  }
});

test('what is fine reaches the system', () => {
  const fine: (() => unknown)[] = [
    () => sys.sendto(CLOSED_FD, x, LOCAL),
    () => sys.recvfrom(CLOSED_FD, x),
    () => sys.sendmsg(CLOSED_FD, { data: [], control: [] }, c.MSG_DONTWAIT),
    () => sys.sendmsg(CLOSED_FD, { data: x, control: [raw, rights, credentials] as never }),
    () => sys.recvmsg(CLOSED_FD, [], { controlBytes: 65_536 }),
    () => sys.sendmmsg(CLOSED_FD, [{ data: x, address: LOCAL }]),
    () => sys.recvmmsg(CLOSED_FD, [slot()]),
    () => sys.sendfile(CLOSED_FD, CLOSED_FD, null, 1),
  ];
  for (const call of fine) expect(codeOf(call)).toBe('EBADF');
});

test('as much control data as there may be, and one byte more', () => {
  const send = (bytes: number) => () =>
    sys.sendmsg(CLOSED_FD, {
      data: x,
      control: [{ level: 1, type: 1, data: Buffer.alloc(bytes) }],
    });
  expect(codeOf(send(65_000))).toBe('EBADF');
  expect(codeOf(send(65_536))).toBe(RANGE);
  const control = new Array<sys.ControlInput>(1024).fill({ type: 'rights', fds: [1] });
  expect(codeOf(() => sys.sendmsg(CLOSED_FD, { data: x, control }))).toBe(RANGE);
});

test('getters that throw are passed on, and nothing is left behind', () => {
  const error = new Error('from a getter');
  const throwing = (name: string): never =>
    Object.defineProperty({ data: x, buffer: x, type: 'rights' }, name, {
      get() {
        throw error;
      },
    }) as never;
  const calls: (() => unknown)[] = [
    () => sys.sendmsg(CLOSED_FD, throwing('data')),
    () => sys.sendmsg(CLOSED_FD, throwing('control')),
    () => sys.sendmsg(CLOSED_FD, throwing('address')),
    () => sys.sendmsg(CLOSED_FD, { data: x, control: [throwing('fds')] }),
    () => sys.recvmsg(CLOSED_FD, x, throwing('controlBytes')),
    () => sys.sendmmsg(CLOSED_FD, [{ data: x }, throwing('address')]),
    () => sys.recvmmsg(CLOSED_FD, [slot(), throwing('buffer')]),
    () => sys.sendto(CLOSED_FD, x, throwing('port')),
  ];
  for (const call of calls) expect(failure(call)).toBe(error);
  expect(codeOf(() => sys.sendmmsg(CLOSED_FD, [{ data: x }]))).toBe('EBADF');
});
