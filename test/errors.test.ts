import * as os from 'node:os';
import { SocketError } from 'sockkit';
import * as sys from 'sockkit/sys';
import { errorCode, errorMessage } from './helpers/inside.js';
import { CLOSED_FD, failure } from './helpers/net.js';

const { errno } = os.constants;

test('has the shape of Node’s own', () => {
  const error = new SocketError('connect', -errno.ECONNREFUSED, {
    address: '127.0.0.1',
    port: 5000,
  });
  expect(error).toBeInstanceOf(Error);
  expect(Object.fromEntries(Object.entries(error))).toEqual({
    code: 'ECONNREFUSED',
    errno: -errno.ECONNREFUSED,
    syscall: 'connect',
    address: '127.0.0.1',
    port: 5000,
  });
  expect(error.message).toBe('connect ECONNREFUSED 127.0.0.1:5000');
  expect(error.name).toBe('SocketError');
  expect(String(error)).toBe('SocketError: connect ECONNREFUSED 127.0.0.1:5000');
  expect(error.stack).toMatch(/^SocketError: connect ECONNREFUSED 127\.0\.0\.1:5000\n/);
  expect(Object.keys(error)).not.toContain('name');
});

test('what is not known is absent', () => {
  const error = new SocketError('recv', -errno.EAGAIN);
  expect(Object.fromEntries(Object.entries(error))).toEqual({
    code: 'EAGAIN',
    errno: -errno.EAGAIN,
    syscall: 'recv',
  });
  expect(error.message).toBe('recv EAGAIN');
});

test('takes an address as the calls give it', () => {
  const about = (address: sys.Address) => new SocketError('recv', -errno.ECONNRESET, address);
  expect(about({ family: 'IPv4', address: '10.0.0.1', port: 1 }).message).toBe(
    'recv ECONNRESET 10.0.0.1:1',
  );
  const v6 = { family: 'IPv6', address: '::1', port: 5000, flowinfo: 0, scopeId: 0 } as const;
  expect(about(v6).message).toBe('recv ECONNRESET ::1:5000');
  expect(about({ family: 'unix', path: '/tmp/s' })).toMatchObject({
    message: 'recv ECONNRESET /tmp/s',
    address: '/tmp/s',
  });
  expect(about({ family: 'unix', path: Buffer.from('\0ab') })).toMatchObject({
    message: 'recv ECONNRESET @ab',
    address: '\0ab',
  });
  expect(about({ family: 'unix', path: '' }).message).toBe('recv ECONNRESET');
  expect(about({ family: 99, raw: Buffer.alloc(4) }).message).toBe('recv ECONNRESET');
});

test('bytesTransferred', () => {
  const error = new SocketError('send', errno.EPIPE, { bytesTransferred: 0 });
  expect(error).toMatchObject({ bytesTransferred: 0, errno: -errno.EPIPE });
});

test('every errno that Node knows has its name', () => {
  for (const [name, number] of Object.entries(errno)) {
    const found = errorCode(-number);
    // Two names can have one number: EAGAIN and EWOULDBLOCK.
    expect([found, errno[found as keyof typeof errno]]).toEqual([found, number]);
    expect(errorCode(number)).toBe(found);
    expect(name).toMatch(/^E/);
  }
  expect(errorCode(-errno.EINPROGRESS)).toBe('EINPROGRESS');
});

test('a number without a name', () => {
  expect(errorCode(-4000)).toBe('ERRNO_4000');
  expect(errorCode(0)).toBe('ERRNO_0');
  expect(new SocketError('bind', -4000).message).toBe('bind ERRNO_4000');
});

test('the C library’s words', () => {
  expect(errorMessage(-errno.ECONNREFUSED)).toBe('connection refused');
  expect(errorMessage(errno.EINPROGRESS)).toBe('operation now in progress');
  expect(errorMessage(-4000)).toBe('unknown error 4000');
});

test('its stack begins where the call was made', () => {
  function caller(): void {
    sys.close(CLOSED_FD);
  }
  expect(failure(caller).stack).toContain('caller');
});
