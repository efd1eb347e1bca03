import * as fs from 'node:fs';
import * as sys from 'sockkit/sys';
import { countDescriptors, known, pair } from './helpers/datagrams.js';
import {
  CLOSED_FD,
  closeNow,
  codeOf,
  failure,
  fileFd,
  own,
  readAll,
  tcpPair,
} from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

function file(text: string | Buffer): number {
  const fd = fileFd();
  fs.writeSync(fd, Buffer.from(text), 0, null, 0);
  return fd;
}

function rest(fd: number): string {
  const buffer = Buffer.alloc(64);
  return buffer.toString('latin1', 0, fs.readSync(fd, buffer));
}

test('from an offset: the position of the file stays', () => {
  const [a, b] = tcpPair();
  const fd = file('0123456789');
  const position = fs.openSync(`/proc/self/fd/${fd}`, 'r');
  own(position);
  expect(sys.sendfile(a, position, 3, 4)).toBe(4);
  expect(readAll(b, 4).toString()).toBe('3456');
  expect(rest(position)).toBe('0123456789');
});

test('with null: from the position, which moves', () => {
  const [a, b] = pair();
  const fd = own(fs.openSync(`/proc/self/fd/${file('0123456789')}`, 'r'));
  expect(sys.sendfile(a, fd, null, 4)).toBe(4);
  expect(sys.sendfile(a, fd, null, 4)).toBe(4);
  expect(readAll(b, 8).toString()).toBe('01234567');
  expect(rest(fd)).toBe('89');
});

test('counts: short at the end of the file, 0 behind it, and 0 of 0', () => {
  const [a] = pair();
  const fd = file('abc');
  expect(sys.sendfile(a, fd, 0, 100)).toBe(3);
  expect(sys.sendfile(a, fd, 0, Number.MAX_SAFE_INTEGER)).toBe(3);
  expect(sys.sendfile(a, fd, 3, 100)).toBe(0);
  expect(sys.sendfile(a, fd, 10_000, 100)).toBe(0);
  expect(sys.sendfile(a, fd, 0, 0)).toBe(0);
});

test('offsets beyond 32 bits are those', () => {
  const [a, b] = pair();
  const fd = fileFd();
  const offset = 5 * 2 ** 32;
  fs.writeSync(fd, Buffer.from('far out'), 0, 7, offset);
  expect(sys.sendfile(a, fd, offset + 4, 10)).toBe(3);
  expect(readAll(b, 3).toString()).toBe('out');
  fs.ftruncateSync(fd, 0);
});

test('a non-blocking socket takes what it has room for, and then EAGAIN', () => {
  const [a] = pair(c.SOCK_STREAM | known('SOCK_NONBLOCK'));
  const fd = file(Buffer.alloc(4 * 1024 * 1024));
  const sent = sys.sendfile(a, fd, 0, 4 * 1024 * 1024);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(4 * 1024 * 1024);
  expect(codeOf(() => sys.sendfile(a, fd, 0, 4 * 1024 * 1024))).toBe('EAGAIN');
});

test('errors', () => {
  const [a, b] = pair();
  const fd = file('abc');
  expect(failure(() => sys.sendfile(CLOSED_FD, fd, 0, 1))).toMatchObject({
    message: 'sendfile EBADF',
    syscall: 'sendfile',
  });
  expect(codeOf(() => sys.sendfile(a, CLOSED_FD, 0, 1))).toBe('EBADF');
  expect(codeOf(() => sys.sendfile(a, b, null, 1))).toBe('EINVAL');
  closeNow(b);
  expect(codeOf(() => sys.sendfile(a, fd, 0, 1))).toBe('EPIPE');
});

test('numbers that are no offset or count', () => {
  const [a] = pair();
  const fd = file('abc');
  for (const bad of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    expect(codeOf(() => sys.sendfile(a, fd, bad, 1))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => sys.sendfile(a, fd, 0, bad))).toBe('ERR_OUT_OF_RANGE');
  }
});
