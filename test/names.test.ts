import * as os from 'node:os';
import * as sys from 'sockkit/sys';
import { countDescriptors } from './helpers/datagrams.js';
import { codeOf, failure, testIPv6 } from './helpers/net.js';

const { constants: c } = sys;
const numeric = c.NI_NUMERICHOST | c.NI_NUMERICSERV;

countDescriptors();

test('getnameinfo: numbers', () => {
  expect(sys.getnameinfo({ address: '192.0.2.7', port: 5000 }, numeric)).toEqual({
    host: '192.0.2.7',
    service: '5000',
  });
});

testIPv6('getnameinfo: an IPv6 address with its zone', () => {
  const lo = sys.if_nametoindex('lo');
  expect(sys.getnameinfo({ address: '2001:db8::1', port: 80 }, numeric).host).toBe('2001:db8::1');
  expect(sys.getnameinfo({ address: 'fe80::1', port: 80, scopeId: lo }, numeric).host).toBe(
    'fe80::1%lo',
  );
});

test('getnameinfo: names, where there are some', () => {
  expect(sys.getnameinfo({ address: '127.0.0.1', port: 80 })).toEqual({
    host: expect.stringMatching(/localhost/) as string,
    service: 'http',
  });
  expect(sys.getnameinfo({ address: '127.0.0.1', port: 514 }, c.NI_DGRAM).service).toBe('syslog');
});

test('getnameinfo: errors have the address', () => {
  const address = { address: '127.0.0.1', port: 80 };
  expect(failure(() => sys.getnameinfo(address, 0x40000000))).toMatchObject({
    name: 'SocketError',
    code: 'EAI_BADFLAGS',
    syscall: 'getnameinfo',
    address: '127.0.0.1',
    port: 80,
  });
  expect(codeOf(() => sys.getnameinfo({ family: 200, raw: new Uint8Array(14) }))).toBe(
    'EAI_FAMILY',
  );
  expect(codeOf(() => sys.getnameinfo({ address: 'localhost', port: 80 }))).toBe(
    'ERR_INVALID_IP_ADDRESS',
  );
});

test('interfaces: their numbers and names, there and back', () => {
  const names = Object.keys(os.networkInterfaces());
  expect(names).toContain('lo');
  for (const name of names) {
    const index = sys.if_nametoindex(name);
    expect(index).toBeGreaterThan(0);
    expect(sys.if_indextoname(index)).toBe(name);
  }
  const addresses = Object.values(os.networkInterfaces()).flat();
  for (const one of addresses) {
    if (one === undefined || !('scopeid' in one) || one.scopeid === 0) continue;
    expect(names).toContain(sys.if_indextoname(one.scopeid ?? 0));
  }
});

test('interfaces that are not there', () => {
  for (const name of ['', 'nosuch', 'lo ', 'lo\u00e9', 'l'.repeat(16), 'l'.repeat(10_000)]) {
    const error = failure(() => sys.if_nametoindex(name));
    expect(error).toMatchObject({ code: 'ENODEV', syscall: 'if_nametoindex' });
    const shown = name.length > 63 ? `${name.slice(0, 63)}...` : name;
    expect(error.message).toBe(`if_nametoindex ENODEV${shown === '' ? '' : ` ${shown}`}`);
  }
  for (const index of [0, 2 ** 31 - 1, 2 ** 32 - 1]) {
    expect(failure(() => sys.if_indextoname(index))).toMatchObject({
      code: 'ENXIO',
      syscall: 'if_indextoname',
      message: `if_indextoname ENXIO ${index}`,
    });
  }
});

test('what is no name, or no number of an interface, is refused', () => {
  expect(codeOf(() => sys.if_nametoindex('lo\0x'))).toBe('ERR_INVALID_ARG_VALUE');
  expect(codeOf(() => sys.if_nametoindex(1 as unknown as string))).toBe('ERR_INVALID_ARG_TYPE');
  // 2^32 + 1 must not become 1.
  for (const index of [2 ** 32 + 1, -1, 1.5, NaN]) {
    expect(codeOf(() => sys.if_indextoname(index))).toBe('ERR_OUT_OF_RANGE');
  }
});
