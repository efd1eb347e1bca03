import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  errno,
  fileFd,
  tcpSocket,
  udpSocket,
  unixSocket,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('turns a socket into a listener', () => {
  const fd = tcpSocket();
  const isListening = () => sys.getsockopt(fd, c.SOL_SOCKET, c.SO_ACCEPTCONN);
  expect(isListening()).toBe(0);
  sys.listen(fd);
  expect(isListening()).toBe(1);
});

/** How many connections a unix listener's queue takes: the kernel allows one more than asked. */
function queueLength(...backlog: [number?]): number {
  const server = unixSocket();
  sys.bind(server, { path: '' });
  sys.listen(server, ...backlog);
  const name = sys.getsockname(server);
  for (let count = 0; ; count++) {
    const client = unixSocket();
    sys.setNonblocking(client, true);
    const result = sys.tryConnect(client, name);
    if (result === errno('EAGAIN')) return count;
    expect(result).toBe(0);
  }
}

test('the queue is 10 long, or as long as asked', () => {
  expect(queueLength()).toBe(11);
  expect(queueLength(undefined)).toBe(11);
  expect(queueLength(3)).toBe(4);
  expect(queueLength(0)).toBe(1);
});

test('a negative backlog is the system’s longest', () => {
  const fd = tcpSocket();
  sys.listen(fd, -1);
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_ACCEPTCONN)).toBe(1);
});

test.each([
  ['EBADF', () => CLOSED_FD],
  ['ENOTSOCK', fileFd],
  ['ENOTSUP', udpSocket],
  ['EINVAL', () => unixSocket()],
])('%s', (code, makeFd) => {
  const fd = makeFd();
  expect(
    codeOf(() => {
      sys.listen(fd);
    }),
  ).toBe(code);
});
