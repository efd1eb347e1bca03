import * as sys from 'sockkit/sys';
import { bound, countDescriptors, pair, slot } from './helpers/datagrams.js';
import { own, tcpPair } from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

const kinds: [string, () => { a: number; b: number }][] = [
  [
    'UDP',
    () => {
      const to = bound();
      const { fd } = bound();
      sys.connect(fd, to);
      return { a: fd, b: to.fd };
    },
  ],
  [
    'unix datagrams',
    () => {
      const [a, b] = pair(c.SOCK_DGRAM);
      return { a, b };
    },
  ],
  [
    'SEQPACKET',
    () => {
      const [a, b] = pair(c.SOCK_SEQPACKET);
      return { a, b };
    },
  ],
];

describe.each(kinds)('%s', (_name, make) => {
  // Guards before and behind the view tell whether a byte went beyond it.
  const guarded = (size: number): { whole: Buffer; view: Buffer; intact: () => boolean } => {
    const whole = Buffer.alloc(size + 32, 0xaa);
    const view = whole.subarray(16, 16 + size);
    const guards = (): Buffer => Buffer.concat([whole.subarray(0, 16), whole.subarray(16 + size)]);
    return { whole, view, intact: () => guards().every((byte) => byte === 0xaa) };
  };

  test('without MSG_TRUNC the buffer is filled, the rest is lost, and the flag says so', () => {
    const { a, b } = make();
    sys.send(a, Buffer.alloc(100, 'd'));
    const { view, intact } = guarded(10);
    const received = sys.recvmsg(b, view);
    expect(received.bytes).toBe(10);
    expect(received.flags & c.MSG_TRUNC).not.toBe(0);
    expect(view.toString()).toBe('d'.repeat(10));
    expect(intact()).toBe(true);
    expect(() => sys.recvmsg(b, view, { flags: c.MSG_DONTWAIT })).toThrow('EAGAIN');
  });

  test('a datagram that fits exactly is not truncated', () => {
    const { a, b } = make();
    sys.send(a, Buffer.alloc(10));
    expect(sys.recvmsg(b, Buffer.alloc(10)).flags & c.MSG_TRUNC).toBe(0);
  });

  test('with MSG_TRUNC every call tells the real length, and keeps to the buffer', () => {
    const { a, b } = make();
    const calls: ((view: Buffer) => number)[] = [
      (view) => sys.recv(b, view, c.MSG_TRUNC),
      (view) => sys.recvfrom(b, view, c.MSG_TRUNC).bytes,
      (view) => sys.recvmsg(b, view, { flags: c.MSG_TRUNC }).bytes,
      (view) =>
        sys.recvmsg(b, [view.subarray(0, 3), view.subarray(3)], { flags: c.MSG_TRUNC }).bytes,
      (view) => {
        const one = slot(0, { buffer: view });
        sys.recvmmsg(b, [one], c.MSG_TRUNC);
        return one.bytes;
      },
    ];
    for (const call of calls) {
      sys.send(a, Buffer.alloc(1000, 'd'));
      const { view, intact } = guarded(7);
      expect(call(view)).toBe(1000);
      expect(view.toString()).toBe('d'.repeat(7));
      expect(intact()).toBe(true);
    }
  });

  test('MSG_PEEK and MSG_TRUNC ask for the length of what waits', () => {
    const { a, b } = make();
    sys.send(a, Buffer.alloc(77));
    expect(sys.recvmsg(b, [], { flags: c.MSG_PEEK | c.MSG_TRUNC }).bytes).toBe(77);
    expect(sys.recv(b, Buffer.alloc(100))).toBe(77);
  });
});

test('TCP: MSG_TRUNC discards, and does not write the buffer', () => {
  const [a, b] = tcpPair();
  sys.send(a, Buffer.from('discarded'));
  const view = Buffer.alloc(9, '.');
  expect(sys.recvmsg(b, view, { flags: c.MSG_TRUNC | c.MSG_WAITALL }).bytes).toBe(9);
  expect(view.toString()).toBe('.'.repeat(9));
});

test('a path of 108 bytes comes back whole, although its length is more than sockaddr_un has', () => {
  const to = own(sys.socket(c.AF_UNIX, c.SOCK_DGRAM));
  sys.bind(to, { path: '' });
  const from = own(sys.socket(c.AF_UNIX, c.SOCK_DGRAM));
  const path = `\0${'n'.repeat(107)}`;
  sys.bind(from, { path });
  const one = slot();
  sys.sendmsg(from, { data: Buffer.from('x'), address: sys.getsockname(to) });
  sys.sendmsg(from, { data: Buffer.from('x'), address: sys.getsockname(to) });
  expect(sys.recvmsg(to, Buffer.alloc(1)).address).toEqual({ family: 'unix', path });
  expect(sys.recvmmsg(to, [one])).toBe(1);
  expect(one.address).toEqual({ family: 'unix', path });
});
