import * as sys from 'sockkit/sys';
import { countDescriptors, pair } from './helpers/datagrams.js';
import { codeOf, fdFlags, openFds, own, readAll } from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

test.each([
  ['SOCK_STREAM', c.SOCK_STREAM],
  ['SOCK_DGRAM', c.SOCK_DGRAM],
  ['SOCK_SEQPACKET', c.SOCK_SEQPACKET],
])('%s: two ends that are connected both ways', (_name, type) => {
  const [a, b] = pair(type);
  const buffer = Buffer.alloc(8);
  expect(sys.send(a, Buffer.from('there'))).toBe(5);
  expect(sys.recv(b, buffer)).toBe(5);
  expect(sys.send(b, Buffer.from('back'))).toBe(4);
  expect(sys.recv(a, buffer)).toBe(4);
  expect(buffer.toString('latin1', 0, 5)).toBe('backe');
  expect(sys.getsockopt(a, c.SOL_SOCKET, c.SO_TYPE)).toBe(type);
  expect(sys.getpeername(a)).toEqual({ family: 'unix', path: '' });
});

test('the ends are close-on-exec, and blocking unless SOCK_NONBLOCK is given', () => {
  for (const fd of pair()) expect(fdFlags(fd)).toEqual({ cloexec: true, nonblocking: false });
  for (const fd of pair(c.SOCK_STREAM | (c.SOCK_NONBLOCK ?? 0))) {
    expect(fdFlags(fd)).toEqual({ cloexec: true, nonblocking: true });
  }
});

test('a closed end is the end of the stream for the other', () => {
  const [a, b] = sys.socketpair(c.AF_UNIX, c.SOCK_STREAM);
  own(b);
  sys.send(a, Buffer.from('last'));
  sys.close(a);
  expect(readAll(b).toString()).toBe('last');
  expect(codeOf(() => sys.send(b, Buffer.from('x')))).toBe('EPIPE');
});

test.each([
  // EOPNOTSUPP, which has the same number on Linux.
  ['ENOTSUP', c.AF_INET, c.SOCK_STREAM, 0],
  ['EAFNOSUPPORT', 10_000, c.SOCK_STREAM, 0],
  ['EINVAL', c.AF_UNIX, 999, 0],
  ['EPROTONOSUPPORT', c.AF_UNIX, c.SOCK_STREAM, 255],
])('%s for socketpair(%i, %i, %i), and no descriptor', (code, domain, type, protocol) => {
  const before = openFds();
  expect(codeOf(() => sys.socketpair(domain, type, protocol))).toBe(code);
  expect(openFds()).toEqual(before);
});
