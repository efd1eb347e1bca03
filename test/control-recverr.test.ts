import * as sys from 'sockkit/sys';
import { bound, controlOf, countDescriptors, known, loopbacks, slot } from './helpers/datagrams.js';
import { codeOf, errno, ready, refusingPort, socket } from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

function reporting(isV6: boolean): number {
  const fd = socket(isV6 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM);
  const level = isV6 ? c.IPPROTO_IPV6 : c.IPPROTO_IP;
  sys.setsockopt(fd, level, known(isV6 ? 'IPV6_RECVERR' : 'IP_RECVERR'), 1);
  return fd;
}

const queue = { flags: known('MSG_ERRQUEUE') };

describe.each(loopbacks)('$family', ({ address, family }) => {
  const isV6 = family === 'IPv6';

  test('a port that nobody has: what was sent, to whom, and who says so', () => {
    const fd = reporting(isV6);
    const port = refusingPort();
    sys.sendto(fd, Buffer.from('probe'), { address, port });
    expect(ready(fd, 0) & c.POLLERR).not.toBe(0);
    const buffer = Buffer.alloc(16);
    const received = sys.recvmsg(fd, buffer, queue);
    expect(buffer.toString('latin1', 0, received.bytes)).toBe('probe');
    expect(received.flags & known('MSG_ERRQUEUE')).not.toBe(0);
    expect(received.address).toMatchObject({ family, address, port });
    expect(received.control).toEqual([
      {
        type: 'recverr',
        family,
        errno: errno('ECONNREFUSED'),
        code: 'ECONNREFUSED',
        origin: isV6 ? 'icmp6' : 'icmp',
        icmpType: isV6 ? 1 : 3,
        icmpCode: isV6 ? 4 : 3,
        info: 0,
        data: 0,
        offender: expect.objectContaining({ family, address, port: 0 }) as sys.Address,
      },
    ]);
    expect(codeOf(() => sys.recvmsg(fd, buffer, queue))).toBe('EAGAIN');
  });

  test('a datagram that is too long to go unfragmented: the MTU, from here', () => {
    const fd = reporting(isV6);
    const level = isV6 ? c.IPPROTO_IPV6 : c.IPPROTO_IP;
    const discover = known(isV6 ? 'IPV6_MTU_DISCOVER' : 'IP_MTU_DISCOVER');
    sys.setsockopt(fd, level, discover, known('IP_PMTUDISC_DO'));
    sys.connect(fd, { address, port: bound(address).port });
    const mtu = sys.getsockopt(fd, level, known(isV6 ? 'IPV6_MTU' : 'IP_MTU'));
    expect(codeOf(() => sys.send(fd, Buffer.alloc(65_520)))).toBe('EMSGSIZE');
    const [error] = controlOf(sys.recvmsg(fd, Buffer.alloc(1), queue).control, 'recverr');
    expect(error).toMatchObject({ code: 'EMSGSIZE', origin: 'local', info: mtu, offender: null });
  });
});

test('cut short it comes as bytes, and the offender alone may be missing', () => {
  const port = refusingPort();
  for (const controlBytes of [16, 31, 32, 33, 40]) {
    const fd = reporting(false);
    sys.sendto(fd, Buffer.from('probe'), { address: '127.0.0.1', port });
    ready(fd, 0);
    const { control, flags } = sys.recvmsg(fd, Buffer.alloc(16), { ...queue, controlBytes });
    expect(flags & c.MSG_CTRUNC).not.toBe(0);
    const [first] = control;
    if (controlBytes < 32) expect(first).toMatchObject({ level: c.IPPROTO_IP });
    else expect(first).toMatchObject({ type: 'recverr', code: 'ECONNREFUSED' });
  }
});

test('several wait, and recvmmsg takes them at once', () => {
  const fd = reporting(false);
  const port = refusingPort();
  const sent = 3;
  let count = 0;
  while (count < sent) {
    // An error that waits is told by the next send, which then does not send.
    try {
      sys.sendto(fd, Buffer.from('p'), { address: '127.0.0.1', port });
      count++;
    } catch (error) {
      expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    }
  }
  const slots = Array.from({ length: 5 }, () => slot());
  ready(fd, 0);
  const received = sys.recvmmsg(fd, slots, known('MSG_ERRQUEUE') | c.MSG_DONTWAIT);
  expect(received).toBe(sent);
  for (const one of slots.slice(0, received)) {
    expect(controlOf(one.control, 'recverr')).toHaveLength(1);
    expect(one.bytes).toBe(1);
  }
});
