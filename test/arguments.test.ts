// What no system call can answer: a clear error before one is made, for every call and argument.
import * as vm from 'node:vm';
import * as sys from 'sockkit/sys';
import { detached, NOT_DATA, NOT_NUMBERS, OUT_OF_INT, shared } from './helpers/junk.js';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  failure,
  fdFlags,
  own,
  readAll,
  tcpPair,
  unixPair,
  unixSocket,
} from './helpers/net.js';

const { constants: c } = sys;
const LOCAL = { address: '127.0.0.1', port: 9 };

afterEach(cleanUp);

type Kind =
  'fd' | 'int' | 'optional int' | 'data' | 'option value' | 'boolean' | 'timeout' | 'size';
type Call = (...args: never[]) => unknown;

/** Each call with arguments that would do no harm, and the kind of each that is checked. */
const calls: [name: string, call: Call, args: unknown[], kinds: Record<number, Kind>][] = [
  ['socket', sys.socket, [1, 1, 0], { 0: 'int', 1: 'int', 2: 'optional int' }],
  ['bind', sys.bind, [CLOSED_FD, LOCAL], { 0: 'fd' }],
  ['listen', sys.listen, [CLOSED_FD, 1], { 0: 'fd', 1: 'optional int' }],
  ['accept', sys.accept, [CLOSED_FD], { 0: 'fd' }],
  ['tryAccept', sys.tryAccept, [CLOSED_FD], { 0: 'fd' }],
  ['connect', sys.connect, [CLOSED_FD, LOCAL], { 0: 'fd' }],
  ['tryConnect', sys.tryConnect, [CLOSED_FD, LOCAL], { 0: 'fd' }],
  ['send', sys.send, [CLOSED_FD, Buffer.of(1), 0], { 0: 'fd', 1: 'data', 2: 'optional int' }],
  ['trySend', sys.trySend, [CLOSED_FD, Buffer.of(1), 0], { 0: 'fd', 1: 'data', 2: 'optional int' }],
  ['recv', sys.recv, [CLOSED_FD, Buffer.of(1), 0], { 0: 'fd', 1: 'data', 2: 'optional int' }],
  ['tryRecv', sys.tryRecv, [CLOSED_FD, Buffer.of(1), 0], { 0: 'fd', 1: 'data', 2: 'optional int' }],
  ['shutdown', sys.shutdown, [CLOSED_FD, 0], { 0: 'fd', 1: 'int' }],
  ['close', sys.close, [CLOSED_FD], { 0: 'fd' }],
  ['getsockname', sys.getsockname, [CLOSED_FD], { 0: 'fd' }],
  ['getpeername', sys.getpeername, [CLOSED_FD], { 0: 'fd' }],
  ['getsockopt', sys.getsockopt, [CLOSED_FD, 1, 2, 4], { 0: 'fd', 1: 'int', 2: 'int', 3: 'size' }],
  [
    'setsockopt',
    sys.setsockopt,
    [CLOSED_FD, 1, 2, 4],
    { 0: 'fd', 1: 'int', 2: 'int', 3: 'option value' },
  ],
  ['setNonblocking', sys.setNonblocking, [CLOSED_FD, true], { 0: 'fd', 1: 'boolean' }],
  ['poll', sys.poll, [[], 0], { 1: 'timeout' }],
];

const RANGE = 'ERR_OUT_OF_RANGE';
const TYPE = 'ERR_INVALID_ARG_TYPE';

/** What must be refused for an argument of that kind. */
function refused(kind: Kind): [code: string, value: unknown][] {
  const type = (values: readonly unknown[]) =>
    values.map((value): [string, unknown] => [TYPE, value]);
  const range = (values: readonly unknown[]) =>
    values.map((value): [string, unknown] => [RANGE, value]);
  switch (kind) {
    case 'fd':
      return [...type([undefined, ...NOT_NUMBERS]), ...range([-1, -(2 ** 31), ...OUT_OF_INT])];
    case 'int':
      return [...type([undefined, ...NOT_NUMBERS]), ...range(OUT_OF_INT)];
    case 'optional int':
      return [...type(NOT_NUMBERS), ...range(OUT_OF_INT)];
    case 'timeout':
      return [...type(NOT_NUMBERS), ...range([-2, ...OUT_OF_INT])];
    case 'size':
      return [...type(NOT_NUMBERS), ...range([-1, 65537, ...OUT_OF_INT])];
    case 'data':
      return type(NOT_DATA);
    case 'option value': {
      const neither = NOT_DATA.filter((value) => typeof value !== 'number' && value !== true);
      return [...type(neither), ...range(OUT_OF_INT)];
    }
    case 'boolean':
      return type([undefined, null, 0, 1, 'true', {}]);
  }
}

describe.each(calls)('%s', (_name, call, args, kinds) => {
  test.each(Object.entries(kinds))('argument %s is a checked %s', (position, kind) => {
    for (const [code, value] of refused(kind)) {
      const given = [...args];
      given[Number(position)] = value;
      const error = failure(() => call(...(given as never[])));
      expect([value, error.code, error.name]).toEqual([
        value,
        code,
        code === TYPE ? 'TypeError' : 'RangeError',
      ]);
    }
  });

  test('-0 is 0', () => {
    for (const [position, kind] of Object.entries(kinds)) {
      if (kind === 'data' || kind === 'boolean' || kind === 'fd') continue;
      const given = [...args];
      given[Number(position)] = -0;
      // Whatever the system says to it, it is the system that says it.
      try {
        const result = call(...(given as never[]));
        if (_name === 'socket') own(result as number);
      } catch (error) {
        expect((error as Error).name).toBe('SocketError');
      }
    }
  });
});

test('messages are worded as Node’s', () => {
  const message = (action: () => unknown) => failure(action).message;
  expect(
    message(() => {
      sys.close(undefined as never);
    }),
  ).toBe('The "fd" argument must be of type number. Received undefined');
  expect(
    message(() => {
      sys.close('3' as never);
    }),
  ).toBe('The "fd" argument must be of type number. Received type string (\'3\')');
  expect(
    message(() => {
      sys.close(-1);
    }),
  ).toBe('The value of "fd" is out of range. It must be >= 0 && <= 2147483647. Received -1');
  expect(
    message(() => {
      sys.listen(3, 1.5);
    }),
  ).toBe('The value of "backlog" is out of range. It must be an integer. Received 1.5');
  expect(
    message(() => {
      sys.bind(3, { address: '::1' } as never);
    }),
  ).toBe('The "address.port" property must be of type number. Received undefined');
  expect(message(() => sys.send(3, 'hello' as never))).toBe(
    'The "data" argument must be an instance of Buffer, TypedArray, DataView or ArrayBuffer. ' +
      "Received type string ('hello'); for text, use Buffer.from(text)",
  );
  expect(message(() => sys.recv(3, new Map() as never))).toMatch(/Received an instance of Map$/);
  expect(message(() => sys.recv(3, new Uint8Array(shared)))).toContain('not in shared memory');
  expect(message(() => sys.recv(3, detached))).toContain('not detached');
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('was read');
      },
    },
  );
  expect(message(() => sys.recv(3, hostile as never))).toContain('an instance of Object');
});

test('errors are the caller’s own', () => {
  expect(
    failure(() => {
      sys.close(-1);
    }),
  ).toBeInstanceOf(RangeError);
  expect(
    failure(() => {
      sys.close('' as never);
    }),
  ).toBeInstanceOf(TypeError);
});

describe('nothing is done when an argument is refused', () => {
  test('2 ** 32 + 2 does not act as 2', () => {
    const [a, b] = tcpPair();
    expect(
      codeOf(() => {
        sys.shutdown(a, 2 ** 32 + 2);
      }),
    ).toBe(RANGE);
    expect(
      codeOf(() => {
        sys.shutdown(2 ** 32 + a, 2);
      }),
    ).toBe(RANGE);
    expect(
      codeOf(() => {
        sys.close(2 ** 32 + a);
      }),
    ).toBe(RANGE);
    expect(sys.send(a, Buffer.from('x'))).toBe(1);
    expect(readAll(b, 1).toString()).toBe('x');
  });

  test('NaN is not descriptor 0', () => {
    const before = fdFlags(0);
    expect(
      codeOf(() => {
        sys.setNonblocking(NaN, !before.nonblocking);
      }),
    ).toBe(RANGE);
    expect(fdFlags(0)).toEqual(before);
  });

  test('a datagram is not eaten', () => {
    const [a, b] = unixPair(c.SOCK_SEQPACKET);
    sys.send(a, Buffer.from('kept'));
    expect(codeOf(() => sys.recv(b, new Uint8Array(shared)))).toBe(TYPE);
    expect(codeOf(() => sys.recv(b, Buffer.alloc(4), NaN))).toBe(RANGE);
    expect(readAll(b, 4).toString()).toBe('kept');
  });
});

describe('a buffer that was taken before', () => {
  const small = () => Uint8Array.from([1, 2, 3]);

  test('is refused once it is detached', () => {
    const [a, b] = unixPair();
    const data = small();
    const buffer = small();
    for (let i = 0; i < 3; i++) {
      sys.send(a, data);
      sys.recv(b, buffer);
    }
    structuredClone(data.buffer, { transfer: [data.buffer] });
    structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
    expect(codeOf(() => sys.send(a, data))).toBe(TYPE);
    expect(codeOf(() => sys.recv(a, buffer))).toBe(TYPE);
  });

  test('does not pass other arguments unchecked', () => {
    const [a, b] = unixPair();
    const data = small();
    sys.send(a, data);
    sys.recv(b, data);
    for (const call of [sys.send, sys.recv]) {
      expect(codeOf(() => call(NaN, data))).toBe(RANGE);
      expect(codeOf(() => call(-1, data))).toBe(RANGE);
      expect(codeOf(() => call('3' as never, data))).toBe(TYPE);
      expect(codeOf(() => call(a, data, NaN))).toBe(RANGE);
      expect(codeOf(() => call(a, data, null as never))).toBe(TYPE);
      expect(codeOf(() => call(CLOSED_FD, data))).toBe('EBADF');
    }
  });

  test('has the size of the moment when it is resizable', () => {
    const [a, b] = unixPair();
    const buffer = new (ArrayBuffer as new (size: number, options: object) => ArrayBuffer)(4, {
      maxByteLength: 4096,
    }) as ArrayBuffer & { resize(size: number): void };
    const view = new Uint8Array(buffer);
    for (const size of [4, 4, 2, 64, 65, 4096, 0, 1]) {
      buffer.resize(size);
      view.fill(size);
      expect(sys.send(a, view)).toBe(size);
      view.fill(0);
      if (size === 0) continue;
      expect(sys.recv(b, view)).toBe(size);
      expect(view.every((byte) => byte === size % 256)).toBe(true);
    }
  });
});

test('views of another realm are as good', () => {
  const [a, b] = unixPair();
  const context = vm.createContext();
  for (const expression of [
    'new Uint8Array(2)',
    'new ArrayBuffer(2)',
    'new DataView(new ArrayBuffer(2))',
  ]) {
    const data = vm.runInContext(expression, context) as sys.Data;
    for (let i = 0; i < 3; i++) {
      expect(sys.send(a, data)).toBe(2);
      expect(sys.recv(b, data)).toBe(2);
    }
  }
  const path = vm.runInContext('Uint8Array.of(0, 1, 2)', context) as Uint8Array;
  sys.bind(unixSocket(), { path });
  const fds = vm.runInContext(`[{ fd: ${b}, events: 0 }]`, context) as sys.PollRequest[];
  expect(sys.poll(fds, 0)).toEqual([]);
});
