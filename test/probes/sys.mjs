// sockkit/sys: TCP, UDP, unix, descriptors in control messages, options, poll, errors.
import { strict as assert } from 'node:assert';
import * as sys from 'sockkit/sys';

const c = sys.constants;
const bytes = (text) => Buffer.from(text);
const refusal = (call) => {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail('it was not refused');
};

const listener = sys.socket(c.AF_INET, c.SOCK_STREAM);
sys.setsockopt(listener, c.SOL_SOCKET, c.SO_REUSEADDR, 1);
sys.bind(listener, { address: '127.0.0.1', port: 0 });
sys.listen(listener);
const { port } = sys.getsockname(listener);
const client = sys.socket(c.AF_INET, c.SOCK_STREAM);
sys.connect(client, { address: '127.0.0.1', port });
const { fd: server } = sys.accept(listener);
assert.equal(sys.send(client, bytes('Go Tigers!\n')), 11);
const buffer = Buffer.alloc(100);
assert.equal(sys.recv(server, buffer), 11);
assert.equal(buffer.toString('latin1', 0, 11), 'Go Tigers!\n');
for (const fd of [client, server, listener]) sys.close(fd);

const udp = [0, 1].map(() => {
  const fd = sys.socket(c.AF_INET, c.SOCK_DGRAM);
  sys.bind(fd, { address: '127.0.0.1', port: 0 });
  return fd;
});
sys.sendto(udp[0], bytes('datagram'), sys.getsockname(udp[1]));
const came = sys.recvfrom(udp[1], buffer);
assert.deepEqual(came.address, sys.getsockname(udp[0]));
for (const fd of udp) sys.close(fd);

// Every kind of buffer.
const [a, b] = sys.socketpair(c.AF_UNIX, c.SOCK_STREAM);
for (const data of [bytes('12345678').subarray(2), new ArrayBuffer(6), new Uint16Array(3)]) {
  assert.equal(sys.send(a, data), 6);
  assert.equal(sys.recv(b, new DataView(new ArrayBuffer(10), 2)), 6);
}
// What a non-blocking send takes is short, and then nothing. Not by TCP, where the kernel may make
// room at any moment.
const [full] = sys.socketpair(c.AF_UNIX, c.SOCK_STREAM);
sys.setNonblocking(full, true);
const large = Buffer.alloc(64 * 2 ** 20);
const short = sys.send(full, large);
assert.ok(short > 0 && short < large.length);
assert.equal(refusal(() => sys.send(full, large)).code, 'EAGAIN');
assert.equal(sys.poll([{ fd: full, events: c.POLLOUT }], 0).length, 0);
// A descriptor through the socket.
const [far, near] = sys.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
sys.sendmsg(a, { data: [bytes('x'), bytes('y')], control: [{ type: 'rights', fds: [far] }] });
const message = sys.recvmsg(b, buffer, { controlBytes: 256 });
const [{ fds }] = message.control;
sys.send(fds[0], bytes('by the descriptor'));
assert.equal(sys.recv(near, buffer), 17);
for (const fd of [a, b, far, near, ...fds]) sys.close(fd);

assert.equal(refusal(() => sys.close(a)).code, 'EBADF');
const closed = sys.socket(c.AF_INET, c.SOCK_STREAM);
const refused = refusal(() => sys.connect(closed, { address: '127.0.0.1', port: 1 }));
assert.deepEqual(
  [refused.message, refused.code, refused.syscall, refused.port],
  ['connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED', 'connect', 1],
);
sys.close(closed);
for (const bad of [NaN, 1.5, 2 ** 32 + 1, '1', null]) {
  assert.match(refusal(() => sys.close(bad)).code, /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/);
}
assert.ok(sys.getaddrinfo('127.0.0.1', 80, { type: c.SOCK_STREAM }).length > 0);
