// datagrams.mjs receive|send plain|segments BYTES [PORT SECONDS]: recvmmsg() and sendmmsg().
import * as sys from '../../dist/lib/sys.mjs';

const { constants: c } = sys;
const [role, mode, size, port, seconds] = process.argv.slice(2);
const bytes = Number(size);
const isCut = mode === 'segments';
const BATCH = isCut ? 16 : 256;
/** The most that the kernel cuts one buffer into. */
const SEGMENTS = 64;
const EAGAIN = 'EAGAIN';

const fd = sys.socket(c.AF_INET, c.SOCK_DGRAM);
if (role === 'receive') receive();
else send();

function receive() {
  sys.bind(fd, { address: '127.0.0.1', port: 0 });
  if (isCut) sys.setsockopt(fd, c.IPPROTO_UDP, c.UDP_GRO, 1);
  // What waits for longer is the end.
  sys.setsockopt(
    fd,
    c.SOL_SOCKET,
    c.SO_RCVTIMEO,
    Buffer.from(new BigInt64Array([0n, 300_000n]).buffer),
  );
  console.log(sys.getsockname(fd).port);
  sys.poll([{ fd, events: c.POLLIN }], 10_000);
  const slots = Array.from({ length: BATCH }, () => ({
    buffer: Buffer.alloc(isCut ? 65536 : bytes),
    controlBytes: isCut ? 64 : 0,
  }));
  let total = 0;
  const first = performance.now();
  let last = first;
  try {
    for (;;) {
      const count = sys.recvmmsg(fd, slots, c.MSG_WAITFORONE);
      for (let i = 0; i < count; i++) total += slots[i].bytes;
      last = performance.now();
    }
  } catch (error) {
    if (error.code !== EAGAIN) throw error;
  }
  console.log(JSON.stringify({ count: total / bytes, seconds: (last - first) / 1000 }));
}

function send() {
  sys.connect(fd, { address: '127.0.0.1', port: Number(port) });
  if (isCut) sys.setsockopt(fd, c.IPPROTO_UDP, c.UDP_SEGMENT, bytes);
  const data = Buffer.alloc(isCut ? bytes * SEGMENTS : bytes, 'x');
  const messages = Array.from({ length: BATCH }, () => ({ data }));
  let count = 0;
  const end = performance.now() + Number(seconds) * 1000;
  while (performance.now() < end) {
    try {
      count += sys.sendmmsg(fd, messages);
    } catch (error) {
      // The receiver has ended.
      if (error.code !== 'ECONNREFUSED') throw error;
    }
  }
  console.log(JSON.stringify({ count: isCut ? count * SEGMENTS : count }));
}
