import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import * as sys from 'sockkit/sys';
import { controlOf, countDescriptors, known, pair, slot } from './helpers/datagrams.js';
import { closeNow, codeOf, fdFlags, fileFd, openFds, own, tempDir } from './helpers/net.js';

const { constants: c } = sys;
const x = Buffer.from('x');

countDescriptors();

function send(fd: number, fds: number[], data = x): number {
  return sys.sendmsg(fd, { data, control: [{ type: 'rights', fds }] });
}

/** The descriptors in it, in the care of cleanUp(). */
function take({ control }: { control: sys.ControlMessage[] }): number[] {
  return controlOf(control, 'rights').flatMap(({ fds }) => fds.map(own));
}

test.each([
  ['SOCK_STREAM', c.SOCK_STREAM],
  ['SOCK_DGRAM', c.SOCK_DGRAM],
  ['SOCK_SEQPACKET', c.SOCK_SEQPACKET],
])('an open file over %s', (_name, type) => {
  const [a, b] = pair(type);
  const file = fileFd();
  fs.writeSync(file, 'written before');
  expect(send(a, [file, a])).toBe(1);
  const received = sys.recvmsg(b, Buffer.alloc(4));
  expect(received.flags & c.MSG_CTRUNC).toBe(0);
  const fds = take(received);
  expect(fds).toHaveLength(2);
  const [copy = -1, end = -1] = fds;
  expect(fs.fstatSync(copy).ino).toBe(fs.fstatSync(file).ino);
  // One open file: the position is common to both.
  fs.writeSync(copy, ', and after');
  expect(fs.readFileSync(`/proc/self/fd/${file}`, 'latin1')).toBe('written before, and after');
  sys.send(end, x);
  expect(sys.recv(b, Buffer.alloc(4))).toBe(1);
});

test('what comes is close-on-exec, whatever was sent', () => {
  const [a, b] = pair();
  send(a, [a]);
  const [fd = -1] = take(sys.recvmsg(b, Buffer.alloc(1)));
  expect(fdFlags(fd).cloexec).toBe(true);
});

test('253 descriptors go at once, 254 are EINVAL', () => {
  const [a, b] = pair();
  expect(codeOf(() => send(a, new Array<number>(254).fill(a)))).toBe('EINVAL');
  expect(send(a, new Array<number>(253).fill(a))).toBe(1);
  expect(take(sys.recvmsg(b, x, { controlBytes: 2048 }))).toHaveLength(253);
});

test('several messages of descriptors in one are one for the receiver', () => {
  const [a, b] = pair();
  const control: sys.ControlInput[] = [
    { type: 'rights', fds: [a] },
    { type: 'rights', fds: [b, a] },
  ];
  sys.sendmsg(a, { data: x, control });
  const { control: received } = sys.recvmsg(b, Buffer.alloc(1));
  expect(controlOf(received, 'rights').map(({ fds }) => fds.length)).toEqual([3]);
  take({ control: received });
});

test('an empty list of descriptors is nothing', () => {
  const [a, b] = pair();
  expect(send(a, [])).toBe(1);
  expect(take(sys.recvmsg(b, Buffer.alloc(1)))).toEqual([]);
});

test('with no byte of data a stream drops them, and datagrams do not', () => {
  const [a, b] = pair();
  expect(send(a, [a], Buffer.alloc(0))).toBe(0);
  expect(codeOf(() => sys.recvmsg(b, x, { flags: c.MSG_DONTWAIT }))).toBe('EAGAIN');
  const [d, e] = pair(c.SOCK_DGRAM);
  expect(send(d, [a], Buffer.alloc(0))).toBe(0);
  expect(take(sys.recvmsg(e, Buffer.alloc(1)))).toHaveLength(1);
});

test('of a truncated message the whole descriptors are there, and nothing leaks', () => {
  const before = openFds().length;
  for (let controlBytes = 0; controlBytes <= 40; controlBytes++) {
    const [a, b] = sys.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    send(a, [a, b, a, b]);
    const received = sys.recvmsg(b, Buffer.alloc(1), { controlBytes });
    const fds = controlOf(received.control, 'rights').flatMap((one) => one.fds);
    // The kernel puts in as many as the room has, of which a header takes 16 bytes.
    expect(fds).toHaveLength(Math.min(4, Math.max(0, Math.floor((controlBytes - 16) / 4))));
    expect((received.flags & c.MSG_CTRUNC) !== 0).toBe(fds.length < 4);
    expect(new Set(fds).size).toBe(fds.length);
    for (const fd of [...fds, a, b]) sys.close(fd);
    expect(openFds()).toHaveLength(before);
  }
});

test('recv(), recvfrom() and room for none have the system close them', () => {
  const [a, b] = pair();
  const file = fileFd();
  const before = openFds();
  for (let round = 0; round < 3; round++) send(a, [file]);
  sys.recv(b, Buffer.alloc(1));
  sys.recvfrom(b, Buffer.alloc(1));
  const { flags, control } = sys.recvmsg(b, Buffer.alloc(1), { controlBytes: 0 });
  expect(control).toEqual([]);
  expect(flags & c.MSG_CTRUNC).not.toBe(0);
  expect(openFds()).toEqual(before);
});

test('each MSG_PEEK brings new ones', () => {
  const [a, b] = pair();
  send(a, [a]);
  const [first = -1] = take(sys.recvmsg(b, x, { flags: c.MSG_PEEK }));
  const [second = -1] = take(sys.recvmsg(b, x, { flags: c.MSG_PEEK }));
  const [third = -1] = take(sys.recvmsg(b, x));
  expect(new Set([first, second, third]).size).toBe(3);
});

test('a descriptor that is closed is EBADF, and -1 is refused', () => {
  const [a] = pair();
  expect(codeOf(() => send(a, [a, 900_000]))).toBe('EBADF');
  expect(codeOf(() => send(a, [-1]))).toBe('ERR_OUT_OF_RANGE');
});

test('descriptors on a socket that has none are ignored or refused, and stay ours', () => {
  const fd = own(sys.socket(c.AF_INET, c.SOCK_DGRAM));
  sys.bind(fd, { address: '127.0.0.1', port: 0 });
  const control: sys.ControlInput[] = [{ type: 'rights', fds: [fd] }];
  expect(sys.sendmsg(fd, { data: x, address: sys.getsockname(fd), control })).toBe(1);
  expect(sys.recvmsg(fd, Buffer.alloc(1)).control).toEqual([]);
});

describe('recvmmsg', () => {
  test('those that are read are ours', () => {
    const [a, b] = pair(c.SOCK_DGRAM);
    send(a, [a]);
    send(a, [b]);
    const slots = [slot(), slot()];
    expect(sys.recvmmsg(b, slots)).toBe(2);
    const fds = slots.flatMap(take);
    expect(fds).toHaveLength(2);
    // Read again they are the same, and the next use of the slot does not close them.
    expect(slots.flatMap(take)).toEqual(fds);
    send(a, []);
    sys.recvmmsg(b, slots, c.MSG_WAITFORONE);
    for (const fd of fds) expect(fs.fstatSync(fd).isSocket()).toBe(true);
    expect(slots[0]?.control).toEqual([]);
  });

  test('those that nobody has read are closed when the slot is used again', () => {
    const [a, b] = pair(c.SOCK_DGRAM);
    const slots = [slot(), slot()];
    const before = openFds().length;
    for (let round = 0; round < 20; round++) {
      send(a, [a, b]);
      expect(sys.recvmmsg(b, slots, c.MSG_WAITFORONE)).toBe(1);
      expect(openFds()).toHaveLength(before + 2);
    }
    send(a, []);
    sys.recvmmsg(b, slots, c.MSG_WAITFORONE);
    expect(openFds()).toHaveLength(before);
  });

  test('and also when the slot goes on in another list', () => {
    const [a, b] = pair(c.SOCK_DGRAM);
    const one = slot();
    const before = openFds().length;
    send(a, [a]);
    sys.recvmmsg(b, [one]);
    send(a, []);
    sys.recvmmsg(b, [slot(), one], c.MSG_WAITFORONE);
    expect(openFds()).toHaveLength(before);
    expect(one.control).toEqual([]);
  });

  test('a call that fails closes what was not read, and says so by an empty list', () => {
    const [a, b] = pair(c.SOCK_DGRAM);
    const one = slot();
    const before = openFds().length;
    send(a, [a]);
    sys.recvmmsg(b, [one]);
    expect(codeOf(() => sys.recvmmsg(b, [one], c.MSG_DONTWAIT))).toBe('EAGAIN');
    expect(openFds()).toHaveLength(before);
    expect(one.control).toEqual([]);
  });
});

test('at the descriptor limit they are lost with MSG_CTRUNC, without an error', async () => {
  const script = `
    const sys = require('sockkit/sys');
    const c = sys.constants;
    const [a, b] = sys.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    sys.sendmsg(a, { data: Buffer.from('x'), control: [{ type: 'rights', fds: [a, a] }] });
    const open = [];
    try { for (;;) open.push(sys.socket(c.AF_UNIX, c.SOCK_STREAM)); } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
    sys.close(open.pop());
    const { flags, control } = sys.recvmsg(b, Buffer.alloc(1));
    const fds = control.flatMap((one) => one.fds ?? []);
    require('fs').writeSync(1, JSON.stringify([(flags & c.MSG_CTRUNC) !== 0, fds.length]));
  `;
  const child = spawn('sh', ['-c', 'ulimit -n 64; exec "$0" -e "$1"', process.execPath, script], {
    cwd: join(__dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => (output += chunk));
  const code = await new Promise((done) => child.on('close', done));
  child.stdout.destroy();
  expect({ code, output }).toEqual({ code: 0, output: '[true,1]' });
});

test('to another process, which reads the file without having opened it', async () => {
  const path = join(tempDir(), 'socket');
  const listener = own(sys.socket(c.AF_UNIX, c.SOCK_STREAM));
  sys.bind(listener, { path });
  sys.listen(listener);
  const script = `
    const sys = require('sockkit/sys');
    const c = sys.constants;
    const fd = sys.socket(c.AF_UNIX, c.SOCK_STREAM);
    sys.connect(fd, { path: process.argv[1] });
    const { control: [{ fds: [file] }] } = sys.recvmsg(fd, Buffer.alloc(1));
    require('fs').writeSync(1, require('fs').readFileSync(file));
  `;
  const child = spawn(process.execPath, ['-e', script, path], {
    cwd: join(__dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => (output += chunk));
  try {
    expect(sys.poll([{ fd: listener, events: c.POLLIN }], 20_000)).toHaveLength(1);
    const accepted = own(sys.accept(listener).fd);
    const file = fileFd();
    fs.writeSync(file, 'only here');
    const again = own(fs.openSync(`/proc/self/fd/${file}`, 'r'));
    send(accepted, [again]);
    closeNow(again);
    const code = await new Promise((done) => child.on('close', done));
    expect({ code, output }).toEqual({ code: 0, output: 'only here' });
    expect(known('MSG_CMSG_CLOEXEC')).not.toBe(0);
  } finally {
    child.kill('SIGKILL');
    child.stdout.destroy();
  }
});
