import * as sys from 'sockkit/sys';
import { bound, controlOf, countDescriptors, known, loopbacks } from './helpers/datagrams.js';
import { codeOf, failure, testIPv6, udpSocket } from './helpers/net.js';

const { constants: c } = sys;
const x = Buffer.from('x');

countDescriptors();

const lo = sys.if_nametoindex('lo');

/** Sets the option of this family that has the control message come. */
function ask(fd: number, isV6: boolean, what: 'pktinfo' | 'ttl' | 'tos'): void {
  const v4 = { pktinfo: known('IP_PKTINFO'), ttl: c.IP_RECVTTL, tos: known('IP_RECVTOS') };
  const v6 = {
    pktinfo: c.IPV6_RECVPKTINFO,
    ttl: c.IPV6_RECVHOPLIMIT,
    tos: c.IPV6_RECVTCLASS,
  };
  if (isV6) sys.setsockopt(fd, c.IPPROTO_IPV6, v6[what], 1);
  else sys.setsockopt(fd, c.IPPROTO_IP, v4[what], 1);
}

describe.each(loopbacks)('$family', ({ address, family }) => {
  const isV6 = family === 'IPv6';

  test('pktinfo: the interface and the destination', () => {
    const to = bound(isV6 ? '::' : '0.0.0.0');
    ask(to.fd, isV6, 'pktinfo');
    const destination = isV6 ? '::1' : '127.0.0.9';
    sys.sendto(bound(address).fd, x, { address: destination, port: to.port });
    const { control } = sys.recvmsg(to.fd, Buffer.alloc(1));
    const info = { type: 'pktinfo', family, ifindex: lo, address: destination };
    expect(control).toEqual([isV6 ? info : { ...info, specDst: destination }]);
  });

  test('pktinfo: the source of what is sent, and what was received answers from there', () => {
    const to = bound(isV6 ? '::' : '0.0.0.0');
    const from = bound(address);
    ask(to.fd, isV6, 'pktinfo');
    const source = isV6 ? '::1' : '127.0.0.9';
    sys.sendto(from.fd, x, { address: source, port: to.port });
    const received = sys.recvmsg(to.fd, Buffer.alloc(1));
    const control = controlOf(received.control, 'pktinfo');
    expect(control).toHaveLength(1);
    sys.sendmsg(to.fd, { data: x, address: received.address, control });
    expect(sys.recvmsg(from.fd, Buffer.alloc(1)).address).toMatchObject({
      address: source,
      port: to.port,
    });
  });

  test('pktinfo: an address that is not ours is refused by the system', () => {
    const to = bound(address);
    const foreign = isV6 ? '2001:db8::1' : '192.0.2.1';
    const control: sys.ControlInput[] = [{ type: 'pktinfo', address: foreign }];
    const { code } = failure(() => sys.sendmsg(to.fd, { data: x, address: to, control }));
    expect(['EINVAL', 'ENODEV', 'EADDRNOTAVAIL', 'ENETUNREACH']).toContain(code);
  });

  test('pktinfo: an interface alone, for either family', () => {
    const to = bound(address);
    const control: sys.ControlInput[] = [{ type: 'pktinfo', ifindex: lo }];
    expect(sys.sendmsg(to.fd, { data: x, address: to, control })).toBe(1);
    const none: sys.ControlInput[] = [{ type: 'pktinfo', ifindex: 2 ** 31 - 1 }];
    expect(codeOf(() => sys.sendmsg(to.fd, { data: x, address: to, control: none }))).toBe(
      'ENODEV',
    );
  });

  test.each([
    ['ttl', [1, 77, 255]],
    ['tos', [0, 0x28, 0xb8]],
  ] as const)('%s: of one datagram', (type, values) => {
    const to = bound(address);
    ask(to.fd, isV6, type);
    for (const value of values) {
      for (const choice of [{}, { family }]) {
        const control: sys.ControlInput[] = [{ type, value, ...choice }];
        sys.sendmsg(to.fd, { data: x, address: to, control });
        const received = sys.recvmsg(to.fd, Buffer.alloc(1));
        expect(received.control).toEqual([{ type, family, value }]);
      }
    }
  });

  test('ttl and tos are bytes, and nothing is wrapped', () => {
    const to = bound(address);
    for (const type of ['ttl', 'tos'] as const) {
      for (const value of [256, -2, 2 ** 16 - 1, 2 ** 31 - 1, 2 ** 32]) {
        const control: sys.ControlInput[] = [{ type, value }];
        const call = () => sys.sendmsg(to.fd, { data: x, address: to, control });
        expect(codeOf(call)).toBe('ERR_OUT_OF_RANGE');
      }
    }
  });

  test.each([
    ['SO_TIMESTAMP', c.SO_TIMESTAMP, 1000],
    ['SO_TIMESTAMPNS', known('SO_TIMESTAMPNS'), 1],
    ['SO_TIMESTAMP_NEW', known('SO_TIMESTAMP_NEW'), 1000],
    ['SO_TIMESTAMPNS_NEW', known('SO_TIMESTAMPNS_NEW'), 1],
  ])('%s: when it was received', (_name, option, step) => {
    const to = bound(address);
    sys.setsockopt(to.fd, c.SOL_SOCKET, option, 1);
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      sys.sendto(to.fd, x, to);
      const { control } = sys.recvmsg(to.fd, Buffer.alloc(1));
      const [time] = controlOf(control, 'timestamp');
      if (time === undefined) throw new Error('no timestamp');
      expect(Number.isInteger(time.seconds)).toBe(true);
      expect(time.nanoseconds % step).toBe(0);
      expect(time.nanoseconds).toBeLessThan(1e9);
      times.push(time.seconds * 1000 + time.nanoseconds / 1e6);
    }
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(Math.abs((times[0] ?? 0) - Date.now())).toBeLessThan(3_600_000);
  });
});

test('all at once, in recvmsg and in recvmmsg', () => {
  const to = bound();
  for (const what of ['pktinfo', 'ttl', 'tos'] as const) ask(to.fd, false, what);
  sys.setsockopt(to.fd, c.SOL_SOCKET, known('SO_TIMESTAMPNS'), 1);
  const types = ['timestamp', 'pktinfo', 'ttl', 'tos'];
  for (let round = 0; round < 2; round++) sys.sendto(to.fd, x, to);
  const { control, flags } = sys.recvmsg(to.fd, Buffer.alloc(1));
  expect(control.map(({ type }) => type)).toEqual(types);
  expect(flags & c.MSG_CTRUNC).toBe(0);
  const slot: sys.MessageSlot = {
    buffer: Buffer.alloc(1),
    bytes: 0,
    address: null,
    flags: 0,
    control: [],
  };
  sys.recvmmsg(to.fd, [slot]);
  expect(slot.control.map(({ type }) => type)).toEqual(types);
});

test('cut inside an int: 3 of its 4 bytes are given as bytes', () => {
  const to = bound();
  ask(to.fd, false, 'ttl');
  const ttl = (control: sys.ControlMessage[]): unknown => control[0];
  sys.sendmsg(to.fd, { data: x, address: to, control: [{ type: 'ttl', value: 66 }] });
  const received = sys.recvmsg(to.fd, Buffer.alloc(1), { controlBytes: 19 });
  expect(received.flags & c.MSG_CTRUNC).not.toBe(0);
  expect(ttl(received.control)).toEqual({
    level: c.IPPROTO_IP,
    type: c.IP_TTL,
    data: Buffer.from([66, 0, 0]),
  });
});

test('what has no name here comes, and goes, as bytes', () => {
  const to = bound();
  sys.setsockopt(to.fd, c.IPPROTO_IP, known('IP_RECVORIGDSTADDR'), 1);
  sys.sendto(to.fd, x, to);
  const [item] = sys.recvmsg(to.fd, Buffer.alloc(1)).control;
  expect(item).toEqual({
    level: c.IPPROTO_IP,
    type: known('IP_ORIGDSTADDR'),
    data: expect.any(Buffer) as Buffer,
  });
  ask(to.fd, false, 'ttl');
  const data = new Uint8Array(new Int32Array([33]).buffer);
  const control: sys.ControlInput[] = [{ level: c.IPPROTO_IP, type: c.IP_TTL, data }];
  sys.sendmsg(to.fd, { data: x, address: to, control });
  const received = sys.recvmsg(to.fd, Buffer.alloc(1)).control;
  expect(controlOf(received, 'ttl')).toEqual([{ type: 'ttl', family: 'IPv4', value: 33 }]);
});

test('bytes of every length, also such as are no multiple of 4, one behind the other', () => {
  const to = bound();
  ask(to.fd, false, 'tos');
  const control: sys.ControlInput[] = [0, 1, 3, 5, 8].map((length) => ({
    level: 250,
    type: length,
    data: new Uint8Array(length),
  }));
  control.push({ type: 'tos', value: 0x20 });
  expect(sys.sendmsg(to.fd, { data: x, address: to, control })).toBe(1);
  const received = sys.recvmsg(to.fd, Buffer.alloc(1)).control;
  expect(received).toEqual([{ type: 'tos', family: 'IPv4', value: 0x20 }]);
});

testIPv6('an IPv4 peer of an IPv6 socket: pktinfo is mapped', () => {
  const to = bound('::');
  ask(to.fd, true, 'pktinfo');
  sys.sendto(udpSocket(), x, { address: '127.0.0.1', port: to.port });
  const [info] = controlOf(sys.recvmsg(to.fd, Buffer.alloc(1)).control, 'pktinfo');
  expect(info).toMatchObject({ family: 'IPv6', address: '::ffff:127.0.0.1' });
});
