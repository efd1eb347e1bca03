import * as sys from 'sockkit/sys';
import {
  cleanUp,
  codeOf,
  failure,
  ipName,
  listener,
  refusingPort,
  socket,
  tcpSocket,
  testIPv6,
  udpSocket,
  unixSocket,
} from './helpers/net.js';

const { constants: c } = sys;

afterEach(cleanUp);

const udp6 = (): number => socket(c.AF_INET6, c.SOCK_DGRAM);

describe('IP', () => {
  test('the same family, named', () => {
    const server = listener();
    for (const family of ['IPv4', 4, undefined] as const) {
      const { address, port } = server;
      sys.connect(tcpSocket(), { address, port, family });
    }
  });

  testIPv6('what a call gives, another takes', () => {
    const a = udp6();
    sys.bind(a, { address: '::1', port: 0 });
    const b = udp6();
    sys.connect(b, sys.getsockname(a));
    expect(sys.getpeername(b)).toEqual(sys.getsockname(a));
  });

  testIPv6('a zone, by name or number, or a scopeId', () => {
    // A multicast address has a scope as link-local ones do, and can be bound on any machine.
    const forms: Omit<sys.IpAddressInput, 'port'>[] = [
      { address: 'ff02::1%lo' },
      { address: 'ff02::1%1' },
      { address: 'ff02::1', scopeId: 1 },
      // A zone comes first.
      { address: 'ff02::1%lo', scopeId: 77 },
    ];
    for (const form of forms) {
      const fd = udp6();
      sys.bind(fd, { ...form, port: 0 });
      expect(sys.getsockname(fd)).toMatchObject({ address: 'ff02::1', scopeId: 1 });
    }
    expect(
      codeOf(() => {
        sys.bind(udp6(), { address: 'ff02::1', port: 0 });
      }),
    ).toBe('EINVAL');
  });

  testIPv6('a zone of a link-local address', () => {
    // The loopback has none: it is the system that says so, not the reading of the text.
    const error = failure(() => {
      sys.bind(udp6(), { address: 'fe80::1%lo', port: 0 });
    });
    expect(error.message).toBe('bind EADDRNOTAVAIL fe80::1%lo:0');
  });

  testIPv6('a zone that names no interface is ENODEV', () => {
    const error = failure(() => {
      sys.connect(udp6(), { address: 'fe80::1%nosuch', port: 9 });
    });
    expect(error.message).toBe('connect ENODEV fe80::1%nosuch:9');
    // None is taken for another because of its low 32 bits: of the last, 1 would be the loopback.
    for (const zone of ['0', '99999999999', '4294967297', '18446744073709551617', '1x', '-1']) {
      expect(
        codeOf(() => {
          sys.connect(udp6(), { address: `fe80::1%${zone}`, port: 9 });
        }),
      ).toBe('ENODEV');
    }
  });

  testIPv6('flowinfo goes in and comes out', () => {
    const fd = udp6();
    sys.setsockopt(fd, c.IPPROTO_IPV6, c.IPV6_FLOWINFO_SEND ?? -1, 1);
    sys.connect(fd, { address: '::1', port: 9, flowinfo: 0x0ff0_0000 });
    expect(sys.getpeername(fd)).toMatchObject({ flowinfo: 0x0ff0_0000 });
  });

  testIPv6('an IPv4 address in IPv6 form stays as it is', () => {
    const { port } = listener();
    const fd = socket(c.AF_INET6, c.SOCK_STREAM);
    sys.connect(fd, { address: '::ffff:127.0.0.1', port });
    expect(sys.getpeername(fd)).toMatchObject({ family: 'IPv6', address: '::ffff:127.0.0.1' });
  });

  test.each([
    ...['', ' ', '127.1', '0x7f.1', '127.0.0.01', '127.0.0.1 ', ' 127.0.0.1', '127.0.0.256'],
    ...['127.0.0.1\0', '127.0.0.1\0.example', '127.0.0.1:80', '2130706433', 'localhost', '٣.1.1.1'],
    ...[':::', '::1%', '::1\0', '[::1]', '::ffff:127.1', '1::2::3', '::1%lo\0', ':', '\ud800::1'],
    ...['127.0.0.1%lo', '::1'.padEnd(200, '0'), '1'.repeat(100_000)],
  ])('%p is no IP address', (address) => {
    const error = failure(() => {
      sys.bind(tcpSocket(), { address, port: 0 });
    });
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_IP_ADDRESS' });
  });

  test('the remedy for a name is in the message', () => {
    const error = failure(() => {
      sys.connect(tcpSocket(), { address: 'localhost', port: 80 });
    });
    expect(error.message).toBe(
      "Invalid IP address: 'localhost'; for a host's name, use getaddrinfo()",
    );
  });

  test.each<[string, unknown]>([
    ['ERR_SOCKET_BAD_PORT', -1],
    ['ERR_SOCKET_BAD_PORT', 65536],
    ['ERR_SOCKET_BAD_PORT', 2 ** 32 + 80],
    ['ERR_SOCKET_BAD_PORT', 80.5],
    ['ERR_SOCKET_BAD_PORT', NaN],
    ['ERR_SOCKET_BAD_PORT', Infinity],
    ['ERR_INVALID_ARG_TYPE', '80'],
    ['ERR_INVALID_ARG_TYPE', undefined],
    ['ERR_INVALID_ARG_TYPE', null],
    ['ERR_INVALID_ARG_TYPE', 80n],
    ['ERR_INVALID_ARG_TYPE', { valueOf: () => 80 }],
  ])('%s for the port %p', (code, port) => {
    expect(
      codeOf(() => {
        sys.bind(tcpSocket(), { address: '127.0.0.1', port: port as never });
      }),
    ).toBe(code);
  });

  test('the ends of the range are ports', () => {
    const last = udpSocket();
    sys.connect(last, { address: '127.0.0.1', port: 65535 });
    expect(ipName(sys.getpeername(last)).port).toBe(65535);
    for (const port of [0, -0]) {
      const fd = udpSocket();
      sys.bind(fd, { address: '127.0.0.1', port });
      expect(ipName(sys.getsockname(fd)).port).toBeGreaterThan(0);
    }
  });
});

describe('arguments', () => {
  const LOCAL = { address: '127.0.0.1', port: 9 };

  test.each<[string, unknown]>([
    ['ERR_INVALID_ARG_TYPE', undefined],
    ['ERR_INVALID_ARG_TYPE', null],
    ['ERR_INVALID_ARG_TYPE', '127.0.0.1'],
    ['ERR_INVALID_ARG_TYPE', 5],
    ['ERR_INVALID_ARG_TYPE', []],
    ['ERR_INVALID_ARG_TYPE', {}],
    ['ERR_INVALID_ARG_TYPE', { port: 80 }],
    ['ERR_INVALID_ARG_TYPE', { address: 5, port: 80 }],
    ['ERR_INVALID_ARG_TYPE', { ...LOCAL, scopeId: '1' }],
    ['ERR_OUT_OF_RANGE', { ...LOCAL, scopeId: -1 }],
    ['ERR_OUT_OF_RANGE', { ...LOCAL, scopeId: 2 ** 32 }],
    ['ERR_OUT_OF_RANGE', { ...LOCAL, flowinfo: 0.5 }],
    ['ERR_INVALID_ARG_VALUE', { ...LOCAL, family: 'IPv6' }],
    ['ERR_INVALID_ARG_VALUE', { ...LOCAL, family: 'ipx' }],
    ['ERR_INVALID_ARG_VALUE', { address: '::1', port: 9, family: 4 }],
    ['ERR_INVALID_ARG_TYPE', { family: 1, raw: 'abc' }],
    ['ERR_INVALID_ARG_TYPE', { family: 1, raw: null }],
    ['ERR_INVALID_ARG_TYPE', { family: '1', raw: Buffer.alloc(1) }],
    ['ERR_INVALID_ARG_TYPE', { raw: Buffer.alloc(1) }],
    ['ERR_OUT_OF_RANGE', { family: 65536, raw: Buffer.alloc(1) }],
    ['ERR_OUT_OF_RANGE', { family: -1, raw: Buffer.alloc(1) }],
    ['ENAMETOOLONG', { family: 1, raw: Buffer.alloc(127) }],
    ['ENAMETOOLONG', { family: 1, raw: Buffer.alloc(100_000) }],
  ])('%s for %p', (code, address) => {
    for (const call of [sys.bind, sys.connect]) {
      expect(
        codeOf(() => {
          call(udpSocket(), address as never);
        }),
      ).toBe(code);
    }
  });

  test('raw bytes are the address as C has it', () => {
    const fd = tcpSocket();
    sys.bind(fd, {
      family: c.AF_INET,
      raw: Buffer.from([0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    });
    expect(sys.getsockname(fd)).toMatchObject({ family: 'IPv4', address: '127.0.0.1' });
  });

  test('each property is read once', () => {
    const server = listener();
    const read: string[] = [];
    const address = new Proxy<sys.IpAddressInput>(server, {
      get(target, name: keyof sys.IpAddressInput) {
        read.push(name);
        return target[name];
      },
    });
    sys.connect(tcpSocket(), address);
    expect(read.sort()).toEqual([...new Set(read)].sort());
    expect(read).toEqual(expect.arrayContaining(['address', 'port']));
  });

  test('a getter that closes the socket', () => {
    const fd = sys.socket(c.AF_INET, c.SOCK_DGRAM);
    const address = {
      address: '127.0.0.1',
      get port() {
        sys.close(fd);
        return 9;
      },
    };
    expect(
      codeOf(() => {
        sys.connect(fd, address);
      }),
    ).toBe('EBADF');
  });

  test('a getter that makes calls of its own', () => {
    const { address, port } = listener();
    const fd = tcpSocket();
    sys.connect(fd, {
      address,
      get port() {
        const result = sys.tryConnect(tcpSocket(), { address, port: refusingPort() });
        expect(result).toBeLessThan(0);
        return port;
      },
    });
    expect(sys.getpeername(fd)).toMatchObject({ address, port });
  });

  test('a getter that detaches the path', () => {
    const name = new Uint8Array(Buffer.from('/tmp/never'));
    const address = {
      path: name,
      get family() {
        structuredClone(name.buffer, { transfer: [name.buffer] });
        return undefined;
      },
    };
    expect(
      codeOf(() => {
        sys.bind(unixSocket(), address);
      }),
    ).toBe('ERR_INVALID_ARG_TYPE');
  });
});
