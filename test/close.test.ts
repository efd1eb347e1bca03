import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  closeNow,
  codeOf,
  failure,
  openFds,
  own,
  unixPair,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('the descriptor is gone, and its number is used again', () => {
  const before = openFds();
  const fd = sys.socket(c.AF_UNIX, c.SOCK_STREAM);
  expect(openFds()).not.toEqual(before);
  sys.close(fd);
  expect(openFds()).toEqual(before);
  expect(own(sys.socket(c.AF_UNIX, c.SOCK_STREAM))).toBe(fd);
});

test('the peer sees the end of the stream', () => {
  const [a, b] = unixPair();
  closeNow(a);
  expect(sys.recv(b, Buffer.alloc(1))).toBe(0);
});

test('EBADF for what is not open', () => {
  expect(
    failure(() => {
      sys.close(CLOSED_FD);
    }),
  ).toMatchObject({
    code: 'EBADF',
    syscall: 'close',
    message: 'close EBADF',
  });
  expect(
    codeOf(() => {
      sys.close(2 ** 31 - 1);
    }),
  ).toBe('EBADF');
});
