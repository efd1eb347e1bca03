import * as sys from 'sockkit/sys';
import { cleanUp, codeOf, fdFlags, socket } from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

test('gives a descriptor of the family and type that were asked for', () => {
  const fd = socket(c.AF_INET, c.SOCK_DGRAM);
  expect(fd).toBeGreaterThan(2);
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_TYPE)).toBe(c.SOCK_DGRAM);
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_DOMAIN ?? -1)).toBe(c.AF_INET);
});

test('takes a protocol', () => {
  const fd = socket(c.AF_INET, c.SOCK_STREAM, c.IPPROTO_TCP);
  expect(sys.getsockopt(fd, c.SOL_SOCKET, c.SO_PROTOCOL ?? -1)).toBe(c.IPPROTO_TCP);
});

test('the descriptor is close-on-exec, and blocking unless SOCK_NONBLOCK is given', () => {
  expect(fdFlags(socket(c.AF_UNIX, c.SOCK_STREAM))).toEqual({ cloexec: true, nonblocking: false });
  expect(fdFlags(socket(c.AF_UNIX, c.SOCK_STREAM | (c.SOCK_NONBLOCK ?? 0)))).toEqual({
    cloexec: true,
    nonblocking: true,
  });
});

test.each([
  ['EAFNOSUPPORT', 10_000, c.SOCK_STREAM, 0],
  ['EAFNOSUPPORT', -1, c.SOCK_STREAM, 0],
  ['EINVAL', c.AF_INET, 999, 0],
  ['EPROTONOSUPPORT', c.AF_INET, c.SOCK_STREAM, c.IPPROTO_UDP],
])('%s for socket(%i, %i, %i)', (code, domain, type, protocol) => {
  expect(codeOf(() => sys.socket(domain, type, protocol))).toBe(code);
});
