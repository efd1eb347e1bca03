import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  closeNow,
  codeOf,
  failure,
  fill,
  listener,
  tcpSocket,
  unixPair,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('gives those that are ready, in order', () => {
  const [a, b] = unixPair();
  const [x, y] = unixPair();
  sys.send(a, Buffer.from('x'));
  sys.send(x, Buffer.from('x'));
  const fds = [a, b, x, y].map((fd) => ({ fd, events: c.POLLIN }));
  expect(sys.poll(fds)).toEqual([
    { fd: b, events: c.POLLIN, revents: c.POLLIN },
    { fd: y, events: c.POLLIN, revents: c.POLLIN },
  ]);
  // What was passed stays as it was.
  expect(fds[1]).toEqual({ fd: b, events: c.POLLIN });
});

test('none is ready when the time is out', () => {
  const [a] = unixPair();
  expect(sys.poll([{ fd: a, events: c.POLLIN }], 0)).toEqual([]);
  expect(sys.poll([{ fd: a, events: c.POLLIN }], 5)).toEqual([]);
});

test('an empty list only waits', () => {
  expect(sys.poll([], 0)).toEqual([]);
  expect(sys.poll([], 5)).toEqual([]);
});

test('one descriptor may be there more than once', () => {
  const [a, b] = unixPair();
  sys.send(a, Buffer.from('x'));
  const fds = [
    { fd: b, events: c.POLLIN },
    { fd: b, events: c.POLLOUT },
    { fd: b, events: 0 },
  ];
  expect(sys.poll(fds).map(({ revents }) => revents)).toEqual([c.POLLIN, c.POLLOUT]);
});

test('POLLOUT until the buffer is full', () => {
  const [a] = unixPair();
  sys.setNonblocking(a, true);
  expect(sys.poll([{ fd: a, events: c.POLLOUT }], 0)).toHaveLength(1);
  fill(a);
  expect(sys.poll([{ fd: a, events: c.POLLOUT }], 0)).toEqual([]);
});

test('POLLHUP, POLLERR and POLLNVAL come unasked', () => {
  const [a, b] = unixPair();
  closeNow(b);
  const [hungUp] = sys.poll([{ fd: a, events: 0 }]);
  expect((hungUp?.revents ?? 0) & c.POLLHUP).not.toBe(0);
  expect(sys.poll([{ fd: CLOSED_FD, events: c.POLLIN }])).toEqual([
    { fd: CLOSED_FD, events: c.POLLIN, revents: c.POLLNVAL },
  ]);
});

test('POLLRDHUP tells of a peer that sends no more', () => {
  const [a, b] = unixPair();
  sys.shutdown(b, c.SHUT_WR);
  const POLLRDHUP = c.POLLRDHUP ?? 0;
  expect(sys.poll([{ fd: a, events: POLLRDHUP }])).toEqual([
    { fd: a, events: POLLRDHUP, revents: POLLRDHUP },
  ]);
});

test('a listener is readable when a connection waits', () => {
  const server = listener();
  expect(sys.poll([{ fd: server.fd, events: c.POLLIN }], 0)).toEqual([]);
  sys.connect(tcpSocket(), server);
  expect(sys.poll([{ fd: server.fd, events: c.POLLIN }])).toHaveLength(1);
});

test('a thousand at once', () => {
  const [a, b] = unixPair();
  sys.send(a, Buffer.from('x'));
  const fds = Array.from({ length: 1000 }, (_, i) => ({ fd: i % 2 ? a : b, events: c.POLLIN }));
  expect(sys.poll(fds)).toHaveLength(500);
});

test('what a getter does counts, and cannot disturb the list', () => {
  const [a, b] = unixPair();
  const [x] = unixPair();
  sys.send(a, Buffer.from('x'));
  const fds: sys.PollRequest[] = [
    { fd: b, events: c.POLLIN },
    {
      events: c.POLLIN,
      get fd() {
        fds.length = 0;
        sys.poll([{ fd: x, events: c.POLLOUT }]);
        return b;
      },
    },
  ];
  expect(sys.poll(fds)).toHaveLength(2);
});

test('EINVAL for more than the process may have open', () => {
  const limit = 2 ** 20;
  const request = { fd: CLOSED_FD, events: 0 };
  const fds = Array.from({ length: limit }, () => request);
  // Depends on the limit that this process has; it never crashes.
  try {
    expect(sys.poll(fds)).toHaveLength(limit);
  } catch (error) {
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'poll' });
  }
  fds.push(request);
  expect(failure(() => sys.poll(fds)).message).toContain('fds.length');
});

test.each([
  ['ERR_INVALID_ARG_TYPE', undefined],
  ['ERR_INVALID_ARG_TYPE', {}],
  ['ERR_INVALID_ARG_TYPE', 'abc'],
  ['ERR_INVALID_ARG_TYPE', new Int32Array(2)],
  ['ERR_INVALID_ARG_TYPE', [null]],
  ['ERR_INVALID_ARG_TYPE', [3]],
  ['ERR_INVALID_ARG_TYPE', Array(2)],
  ['ERR_INVALID_ARG_TYPE', [{}]],
  ['ERR_INVALID_ARG_TYPE', [{ fd: 1 }]],
  ['ERR_INVALID_ARG_TYPE', [{ fd: '1', events: 1 }]],
  ['ERR_OUT_OF_RANGE', [{ fd: -1, events: 1 }]],
  ['ERR_OUT_OF_RANGE', [{ fd: 2 ** 32, events: 1 }]],
  ['ERR_OUT_OF_RANGE', [{ fd: 1, events: 65536 }]],
  ['ERR_OUT_OF_RANGE', [{ fd: 1, events: -1 }]],
  ['ERR_OUT_OF_RANGE', [{ fd: 1, events: NaN }]],
])('%s for %p', (code, fds) => {
  expect(codeOf(() => sys.poll(fds as never, 0))).toBe(code);
});
