import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  errno,
  failure,
  fdFlags,
  unixPair,
  unixSocket,
} from './helpers/net.js';

afterEach(cleanUp);

test('on and off', () => {
  const fd = unixSocket();
  expect(fdFlags(fd).nonblocking).toBe(false);
  sys.setNonblocking(fd, true);
  expect(fdFlags(fd).nonblocking).toBe(true);
  sys.setNonblocking(fd, false);
  expect(fdFlags(fd)).toEqual({ cloexec: true, nonblocking: false });
});

test('a call that would wait says EAGAIN', () => {
  const [a] = unixPair();
  sys.setNonblocking(a, true);
  expect(sys.tryRecv(a, Buffer.alloc(1))).toBe(errno('EAGAIN'));
});

test('EBADF', () => {
  expect(
    failure(() => {
      sys.setNonblocking(CLOSED_FD, true);
    }),
  ).toMatchObject({
    code: 'EBADF',
    syscall: 'ioctl',
  });
});
