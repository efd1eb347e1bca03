import * as sys from 'sockkit/sys';
import { bound, countDescriptors, slot } from './helpers/datagrams.js';
import { testWhere, udpSocket } from './helpers/net.js';

const { constants: c } = sys;

countDescriptors();

// Linux's, at IPPROTO_UDP; not every C library's headers have them.
const UDP_SEGMENT = 103;
const UDP_GRO = 104;

const has = (option: number): boolean => {
  const fd = sys.socket(c.AF_INET, c.SOCK_DGRAM);
  try {
    sys.setsockopt(fd, c.IPPROTO_UDP, option, 0);
    return true;
  } catch {
    return false;
  } finally {
    sys.close(fd);
  }
};
const testSegments = testWhere(
  has(UDP_SEGMENT) && has(UDP_GRO),
  'this system has no UDP_SEGMENT and UDP_GRO',
);

const segment = (size: number): sys.ControlInput[] => [
  { level: c.IPPROTO_UDP, type: UDP_SEGMENT, data: new Uint16Array([size]) },
];

testSegments('a control message of 2 bytes: one buffer goes as several datagrams', () => {
  const to = bound();
  const data = Buffer.from('aaaabbbbcc');
  expect(sys.sendmsg(udpSocket(), { data, address: to, control: segment(4) })).toBe(10);
  const slots = [slot(), slot(), slot(), slot()];
  expect(sys.recvmmsg(to.fd, slots, c.MSG_DONTWAIT)).toBe(3);
  expect(slots.map(({ bytes }) => bytes)).toEqual([4, 4, 2, 0]);
});

testSegments('what came together is told by its size, as bytes', () => {
  const to = bound();
  sys.setsockopt(to.fd, c.IPPROTO_UDP, UDP_GRO, 1);
  const messages = [{ data: Buffer.alloc(1000), address: to, control: segment(100) }];
  expect(sys.sendmmsg(udpSocket(), messages)).toBe(1);
  const { bytes, control } = sys.recvmsg(to.fd, Buffer.alloc(2000));
  expect(bytes).toBe(1000);
  const data = Buffer.from(new Int32Array([100]).buffer);
  expect(control).toEqual([{ level: c.IPPROTO_UDP, type: UDP_GRO, data }]);
});
