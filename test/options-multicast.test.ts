import { existsSync, readFileSync } from 'node:fs';
import { constants as c } from 'sockkit';
import { codeOf, testIPv6, testWhere } from './helpers/net.js';
import { closeSockets, isRoot, make } from './helpers/sockets.js';

afterEach(closeSockets);

const testRoot = isRoot ? test : testWhere(false, 'not root');
const GROUP = '239.7.7.7';

test('a multicast group is joined, heard and left', () => {
  const receiver = make('udp4');
  receiver.bind({ address: '0.0.0.0', port: 0 });
  const { port } = receiver.localAddress as { port: number };
  const membership = { group: GROUP, interface: '127.0.0.1' };
  receiver.setOption('ipAddMembership', membership);
  const sender = make('udp4');
  sender.setOption('ipMulticastIf', { ifindex: loopback() });
  sender.connect({ address: GROUP, port });
  sender.send(Buffer.from('to the group'));
  expect(receiver.recv(100).toString()).toBe('to the group');
  receiver.setOption('ipDropMembership', membership);
  expect(
    codeOf(() => {
      receiver.setOption('ipDropMembership', membership);
    }),
  ).toBe('EADDRNOTAVAIL');
});

/** The index of the loopback interface. */
function loopback(): number {
  const file = '/sys/class/net/lo/ifindex';
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 1;
}

test('a source-specific group is heard from that source alone', () => {
  const receiver = make('udp4');
  receiver.bind({ address: '0.0.0.0', port: 0 });
  const { port } = receiver.localAddress as { port: number };
  const membership = { group: '232.7.7.7', source: '127.0.0.2', interface: '127.0.0.1' };
  receiver.setOption('ipAddSourceMembership', membership);
  for (const source of ['127.0.0.3', '127.0.0.2']) {
    const sender = make('udp4');
    sender.bind({ address: source, port: 0 });
    sender.setOption('ipMulticastIf', '127.0.0.1');
    sender.connect({ address: membership.group, port });
    sender.send(Buffer.from(source));
  }
  expect(receiver.recv(100).toString()).toBe('127.0.0.2');
  receiver.setOption('ipDropSourceMembership', membership);
  expect(
    codeOf(() => {
      receiver.setOption('ipDropSourceMembership', membership);
    }),
  ).toBe('EINVAL');
});

// The loopback has no route for multicasts of IPv6, so the kernel's own lists tell.
testIPv6('IPv6 groups are joined and left, any-source and source-specific', () => {
  const receiver = make('udp6');
  const ifindex = loopback();
  const isThere = (file: string, text: string) =>
    readFileSync(`/proc/net/${file}`, 'latin1').includes(text);

  const membership = { group: 'ff01::7:127.0.7.7', ifindex };
  const group = 'ff010000000000000000' + '00077f000707';
  expect(isThere('igmp6', group)).toBe(false);
  receiver.setOption('ipv6JoinGroup', membership);
  expect(isThere('igmp6', group)).toBe(true);
  receiver.setOption('ipv6LeaveGroup', membership);
  expect(isThere('igmp6', group)).toBe(false);

  const specific = { group: 'ff31::7:8', source: '2001:db8::9', ifindex };
  const source = '20010db8000000000000000000000009';
  receiver.setOption('mcastJoinSourceGroup', specific);
  expect(isThere('mcfilter6', source)).toBe(true);
  receiver.setOption('mcastLeaveSourceGroup', specific);
  expect(isThere('mcfilter6', source)).toBe(false);
});

testRoot('a packet socket joins what an interface receives, and counts', () => {
  const socket = make('packet');
  const isThere = () => readFileSync('/proc/net/dev_mcast', 'latin1').includes('030303030303');
  const membership = {
    ifindex: loopback(),
    type: c.PACKET_MR_MULTICAST ?? 0,
    address: Buffer.alloc(6, 3),
  };
  expect(isThere()).toBe(false);
  socket.setOption('packetAddMembership', membership);
  expect(isThere()).toBe(true);
  socket.setOption('packetDropMembership', membership);
  expect(isThere()).toBe(false);
  expect(socket.getOption('packetStatistics')).toEqual({ packets: 0, drops: 0 });
});
