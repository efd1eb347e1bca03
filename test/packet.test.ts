import * as sys from 'sockkit/sys';
import { bound, countDescriptors, slot } from './helpers/datagrams.js';
import { codeOf, failure, own, testWhere, udpSocket } from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

const ETH_P_IP = 0x0800;
const networkOrder = (value: number): number => ((value & 255) << 8) | (value >> 8);
const lo = sys.if_nametoindex('lo');

const canOpen = ((): boolean => {
  try {
    sys.close(sys.socket(c.AF_PACKET ?? -1, c.SOCK_DGRAM, 0));
    return true;
  } catch {
    return false;
  }
})();
const testPacket = canOpen ? test : testWhere(false, 'packet sockets need root');

/** A packet socket that sees IPv4 on the loopback alone. */
function packetSocket(type: number): number {
  // Protocol 0 receives nothing before bind() names one.
  const fd = own(sys.socket(c.AF_PACKET ?? -1, type, 0));
  sys.bind(fd, { family: 'packet', ifindex: lo, protocol: ETH_P_IP });
  return fd;
}

/** Waits for the IPv4 datagram that has this text, since others may pass on the loopback. */
function awaitText(fd: number, text: string): { frame: Buffer; address: sys.PacketAddress } {
  for (;;) {
    expect(sys.poll([{ fd, events: c.POLLIN }], 10_000)).toHaveLength(1);
    const buffer = Buffer.alloc(2048);
    const { bytes, address } = sys.recvfrom(fd, buffer);
    const frame = buffer.subarray(0, bytes);
    if (frame.includes(text)) return { frame, address: address as sys.PacketAddress };
  }
}

testPacket('bind and getsockname: the fields of sockaddr_ll', () => {
  const fd = packetSocket(c.SOCK_DGRAM);
  expect(sys.getsockname(fd)).toEqual({
    family: 'packet',
    ifindex: lo,
    protocol: ETH_P_IP,
    hatype: 772,
    pkttype: 0,
    hwaddr: '00:00:00:00:00:00',
  });
});

testPacket('a datagram on the loopback, cooked and whole', () => {
  const to = bound();
  for (const [type, head] of [
    [c.SOCK_DGRAM, 0],
    [c.SOCK_RAW, 14],
  ] as const) {
    const fd = packetSocket(type);
    const text = `sockkit packet test ${process.pid} ${type}`;
    sys.sendto(udpSocket(), Buffer.from(text), to);
    const { frame, address } = awaitText(fd, text);
    expect(frame[head]).toBe(0x45);
    expect(frame.toString('latin1', head + 28)).toBe(text);
    expect(address).toMatchObject({
      family: 'packet',
      ifindex: lo,
      protocol: ETH_P_IP,
      hatype: 772,
      hwaddr: '00:00:00:00:00:00',
    });
  }
});

testPacket('what was received is sent again, to the address that it came from', () => {
  const to = bound();
  const watcher = packetSocket(c.SOCK_DGRAM);
  const text = `sockkit packet copy ${process.pid}`;
  sys.sendto(udpSocket(), Buffer.from(text), to);
  const first = awaitText(watcher, text);
  const sender = own(sys.socket(c.AF_PACKET ?? -1, c.SOCK_DGRAM, 0));
  expect(sys.sendto(sender, first.frame, first.address)).toBe(first.frame.length);
  // Seen on the interface; the IP layer drops it, since it comes from 127.0.0.1 and not from there.
  const second = awaitText(watcher, text);
  expect(second.frame).toEqual(first.frame);
  expect(second.address).toMatchObject({ ifindex: lo, protocol: ETH_P_IP });
});

testPacket('recvmsg and recvmmsg give the same address', () => {
  const to = bound();
  const [one, other] = [packetSocket(c.SOCK_DGRAM), packetSocket(c.SOCK_DGRAM)];
  sys.sendto(udpSocket(), Buffer.from('x'), to);
  const { address } = sys.recvmsg(one, Buffer.alloc(2048));
  const received = slot(2048);
  sys.recvmmsg(other, [received]);
  expect(received.address).toMatchObject({ family: 'packet', ifindex: lo, protocol: ETH_P_IP });
  expect(address).toMatchObject({ family: 'packet', ifindex: lo, protocol: ETH_P_IP });
});

testPacket('hardware addresses as text and as bytes; an interface that is not there', () => {
  const fd = own(sys.socket(c.AF_PACKET ?? -1, c.SOCK_DGRAM, 0));
  const data = Buffer.from([0x45]);
  for (const hwaddr of ['00:00:00:00:00:00', new Uint8Array(6), 'AA:bb:0c:00:00:01']) {
    const address = { family: 'packet', ifindex: lo, protocol: 0x88b5, hwaddr } as const;
    expect(sys.sendto(fd, data, address)).toBe(1);
  }
  const none = { family: 'packet', ifindex: 2 ** 31 - 1, protocol: 0x88b5 } as const;
  expect(codeOf(() => sys.sendto(fd, data, none))).toBe('ENXIO');
  expect(
    codeOf(() => {
      sys.bind(fd, { family: 'packet', ifindex: 2 ** 31 - 1 });
    }),
  ).toBe('ENODEV');
});

test('addresses that are none are refused', () => {
  const fd = udpSocket();
  const bad: [object, string][] = [
    [{ hwaddr: '1:2:3' }, 'ERR_INVALID_ARG_VALUE'],
    [{ hwaddr: '00-00-00-00-00-00' }, 'ERR_INVALID_ARG_VALUE'],
    [{ hwaddr: '00:'.repeat(33) + '00' }, 'ERR_INVALID_ARG_VALUE'],
    [{ hwaddr: new Uint8Array(33) }, 'ERR_INVALID_ARG_VALUE'],
    [{ hwaddr: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ ifindex: 2 ** 32 + 1 }, 'ERR_OUT_OF_RANGE'],
    [{ ifindex: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ protocol: 65_536 }, 'ERR_OUT_OF_RANGE'],
    [{ hatype: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ pkttype: 256 }, 'ERR_OUT_OF_RANGE'],
  ];
  for (const [fields, code] of bad) {
    const address = { family: 'packet', ...fields } as sys.AddressInput;
    expect(
      failure(() => {
        sys.bind(fd, address);
      }),
    ).toMatchObject({ code });
  }
  // One that is fine is of another family than the socket.
  expect(
    codeOf(() => {
      sys.bind(fd, { family: 'packet' });
    }),
  ).toBe('EAFNOSUPPORT');
  expect(networkOrder(ETH_P_IP)).toBe(8);
});
