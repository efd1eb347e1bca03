import * as sys from 'sockkit/sys';
import { cleanUp, codeOf, failure, hasIPv6, listener, socket, testIPv6 } from './helpers/net.js';

const { constants: c } = sys;
const STREAM = { type: c.SOCK_STREAM };

afterEach(cleanUp);

test('a literal, with what socket() and connect() need', () => {
  const server = listener();
  const [info] = sys.getaddrinfo('127.0.0.1', server.port, STREAM);
  if (info === undefined) throw new Error('nothing found');
  expect(info).toEqual({
    family: c.AF_INET,
    type: c.SOCK_STREAM,
    protocol: c.IPPROTO_TCP,
    address: { family: 'IPv4', address: '127.0.0.1', port: server.port },
  });
  const fd = socket(info.family, info.type, info.protocol);
  sys.connect(fd, info.address);
  expect(sys.getpeername(fd)).toEqual(info.address);
});

test('a name: localhost', () => {
  const found = sys.getaddrinfo('localhost', null, { ...STREAM, family: c.AF_INET });
  expect(found.map(({ address }) => address)).toContainEqual({
    family: 'IPv4',
    address: '127.0.0.1',
    port: 0,
  });
});

testIPv6('an IPv6 literal with a zone', () => {
  const [info] = sys.getaddrinfo('fe80::1%lo', '80', STREAM);
  expect(info).toMatchObject({
    family: c.AF_INET6,
    address: { family: 'IPv6', address: 'fe80::1', port: 80, scopeId: 1 },
  });
});

test('without a type, one for each', () => {
  const types = sys.getaddrinfo('127.0.0.1', 80).map(({ type }) => type);
  expect(types).toEqual(expect.arrayContaining([c.SOCK_STREAM, c.SOCK_DGRAM]));
});

test('a port as a number or as text', () => {
  for (const service of [80, '80', 0, 65535]) {
    const [info] = sys.getaddrinfo('127.0.0.1', service, STREAM);
    expect(info?.address).toMatchObject({ port: Number(service) });
  }
});

test('no host is the loopback, or with AI_PASSIVE any address', () => {
  const addresses = (flags: number) =>
    sys.getaddrinfo(null, '80', { ...STREAM, flags }).map(({ address }) => address);
  expect(addresses(0)).toContainEqual({ family: 'IPv4', address: '127.0.0.1', port: 80 });
  expect(addresses(c.AI_PASSIVE)).toContainEqual({ family: 'IPv4', address: '0.0.0.0', port: 80 });
  if (hasIPv6) expect(addresses(0)).toContainEqual(expect.objectContaining({ address: '::1' }));
});

test('AI_CANONNAME gives a name with the first', () => {
  const found = sys.getaddrinfo('127.0.0.1', 1, { flags: c.AI_CANONNAME });
  expect(found.length).toBeGreaterThan(1);
  expect(found[0]?.canonname).toBe('127.0.0.1');
  expect(found[1]).not.toHaveProperty('canonname');
});

test('ENOTFOUND has the shape of Node’s', () => {
  const error = failure(() => sys.getaddrinfo('not-a-number', 1, { flags: c.AI_NUMERICHOST }));
  expect(error).toMatchObject({
    name: 'SocketError',
    message: 'getaddrinfo ENOTFOUND not-a-number',
    code: 'ENOTFOUND',
    errno: -3008,
    syscall: 'getaddrinfo',
    hostname: 'not-a-number',
  });
  expect(error).not.toHaveProperty('address');
});

test.each<[string, ...Parameters<typeof sys.getaddrinfo>]>([
  ['ENOTFOUND', null, null],
  ['ENOTFOUND', 'x'.repeat(100_000), null],
  ['ENOTFOUND', '', 1, { flags: c.AI_NUMERICHOST }],
  ['EAI_SERVICE', '127.0.0.1', 'no-such-service'],
  ['EAI_FAMILY', '127.0.0.1', 1, { family: 9999 }],
  ['EAI_SOCKTYPE', '127.0.0.1', 1, { type: 9999 }],
  ['EAI_BADFLAGS', '127.0.0.1', 1, { flags: 0x40000000 }],
  ['ERR_SOCKET_BAD_PORT', '127.0.0.1', 65536],
  ['ERR_SOCKET_BAD_PORT', '127.0.0.1', -1],
  ['ERR_SOCKET_BAD_PORT', '127.0.0.1', NaN],
  ['ERR_INVALID_ARG_VALUE', 'a\0b', 1],
  ['ERR_INVALID_ARG_VALUE', '127.0.0.1', '80\0'],
  ['ERR_INVALID_ARG_TYPE', undefined as never, 1],
  ['ERR_INVALID_ARG_TYPE', 5 as never, 1],
  ['ERR_INVALID_ARG_TYPE', '127.0.0.1', {} as never],
  ['ERR_INVALID_ARG_TYPE', '127.0.0.1', 1, null as never],
  ['ERR_INVALID_ARG_TYPE', '127.0.0.1', 1, { family: 'IPv4' as never }],
  ['ERR_OUT_OF_RANGE', '127.0.0.1', 1, { flags: 2 ** 32 }],
])('%s for getaddrinfo(%p, %p, %p)', (code, ...args) => {
  expect(codeOf(() => sys.getaddrinfo(...args))).toBe(code);
});
