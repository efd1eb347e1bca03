import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sys from 'sockkit/sys';
import { controlOf, countDescriptors, known, pair, slot } from './helpers/datagrams.js';
import { codeOf, fdFlags, own, tempDir, testWhere } from './helpers/net.js';

const { constants: c } = sys;
const x = Buffer.from('x');

countDescriptors();

const self = {
  type: 'credentials',
  pid: process.pid,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
} as const;
const isRoot = self.uid === 0;

test('with SO_PASSCRED the kernel says who sent it', () => {
  const [a, b] = pair();
  sys.send(a, x);
  expect(sys.recvmsg(b, Buffer.alloc(1)).control).toEqual([]);
  sys.setsockopt(b, c.SOL_SOCKET, known('SO_PASSCRED'), 1);
  sys.send(a, x);
  expect(sys.recvmsg(b, Buffer.alloc(1)).control).toEqual([self]);
});

test('a sender may say it itself, and what was received will do', () => {
  const [a, b] = pair(c.SOCK_DGRAM);
  sys.setsockopt(b, c.SOL_SOCKET, known('SO_PASSCRED'), 1);
  sys.sendmsg(a, { data: x, control: [self] });
  const { control } = sys.recvmsg(b, Buffer.alloc(1));
  expect(control).toEqual([self]);
  sys.sendmsg(a, { data: x, control: controlOf(control, 'credentials') });
  expect(sys.recvmsg(b, Buffer.alloc(1)).control).toEqual([self]);
});

test('a process that is not there is ESRCH or EPERM', () => {
  const [a] = pair();
  const control = [{ ...self, pid: 2 ** 31 - 1 }];
  expect(codeOf(() => sys.sendmsg(a, { data: x, control }))).toBe(isRoot ? 'ESRCH' : 'EPERM');
});

testWhere(isRoot, 'to send the credentials of another needs root')(
  'root may be another; large ids are no negative numbers',
  () => {
    const [a, b] = pair();
    sys.setsockopt(b, c.SOL_SOCKET, known('SO_PASSCRED'), 1);
    const control: sys.ControlInput[] = [{ ...self, uid: 4_000_000_000, gid: 12 }];
    sys.sendmsg(a, { data: x, control });
    expect(sys.recvmsg(b, Buffer.alloc(1)).control).toEqual(control);
  },
);

test('with descriptors, in one message', () => {
  const [a, b] = pair();
  sys.setsockopt(b, c.SOL_SOCKET, known('SO_PASSCRED'), 1);
  sys.sendmsg(a, { data: x, control: [self, { type: 'rights', fds: [a] }] });
  const { control } = sys.recvmsg(b, Buffer.alloc(1));
  expect(controlOf(control, 'credentials')).toEqual([self]);
  expect(controlOf(control, 'rights').map(({ fds }) => fds.map(own).length)).toEqual([1]);
});

test('cut short they come as bytes', () => {
  const [a, b] = pair();
  sys.setsockopt(b, c.SOL_SOCKET, known('SO_PASSCRED'), 1);
  for (const room of [16, 19, 27]) {
    sys.send(a, x);
    const { control, flags } = sys.recvmsg(b, Buffer.alloc(1), { controlBytes: room });
    expect(flags & c.MSG_CTRUNC).not.toBe(0);
    expect(control).toEqual([
      { level: c.SOL_SOCKET, type: known('SCM_CREDENTIALS'), data: expect.any(Buffer) as Buffer },
    ]);
    const [first] = control;
    const data = first !== undefined && 'data' in first ? (first.data as Buffer) : null;
    expect(data).toHaveLength(room - 16);
  }
});

test('with SO_PASSPIDFD a descriptor of the process comes too, and never leaks', () => {
  const SO_PASSPIDFD = 76;
  const [a, b] = pair(c.SOCK_DGRAM);
  try {
    sys.setsockopt(b, c.SOL_SOCKET, SO_PASSPIDFD, 1);
  } catch {
    console.warn('skipped: this Linux has no SO_PASSPIDFD');
    return;
  }
  sys.send(a, x);
  const { control } = sys.recvmsg(b, Buffer.alloc(1));
  const [message] = controlOf(control, 'pidfd');
  if (message === undefined) throw new Error('no pidfd');
  const info = readFileSync(`/proc/self/fdinfo/${own(message.fd)}`, 'latin1');
  expect(info).toContain(`Pid:\t${process.pid}\n`);
  expect(fdFlags(message.fd).cloexec).toBe(true);
  // What nobody has read is closed when the slot is used again.
  const one = slot();
  for (let round = 0; round < 3; round++) {
    sys.send(a, x);
    sys.recvmmsg(b, [one]);
  }
  own(controlOf(one.control, 'pidfd')[0]?.fd ?? -1);
});

test('another process is told by its own id', async () => {
  const path = join(tempDir(), 'socket');
  const fd = own(sys.socket(c.AF_UNIX, c.SOCK_DGRAM));
  sys.bind(fd, { path });
  sys.setsockopt(fd, c.SOL_SOCKET, known('SO_PASSCRED'), 1);
  const script = `
    const sys = require('sockkit/sys');
    const fd = sys.socket(sys.constants.AF_UNIX, sys.constants.SOCK_DGRAM);
    sys.sendto(fd, Buffer.from('x'), { path: process.argv[1] });
  `;
  const child = spawn(process.execPath, ['-e', script, path], {
    cwd: join(__dirname, '..'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await new Promise((done) => child.on('close', done));
    const { control } = sys.recvmsg(fd, Buffer.alloc(1), { flags: c.MSG_DONTWAIT });
    expect(controlOf(control, 'credentials')).toEqual([{ ...self, pid: child.pid }]);
  } finally {
    child.kill('SIGKILL');
  }
});
