// Traces beside what strace prints of the same run, line by line and thread by thread.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { spawnSync } from 'node:child_process';
import { openFile, OutputFile, removeFiles, temporaryFolder } from './helpers/files.js';
import { testWhere } from './helpers/net.js';
import { eventually } from './helpers/proc.js';
import { available, commandFile, freePort, listening, start, stopAll } from './helpers/run.js';
import { calls, traceLines, withoutNumbers } from './helpers/trace.js';

const ROOT = path.resolve(__dirname, '..');

afterEach(async () => {
  await stopAll();
  removeFiles();
});

function canTrace(): boolean {
  if (!available('strace')) return false;
  const { status } = spawnSync('strace', ['-o', '/dev/null', 'true']);
  if (status !== 0) console.warn('skipped where strace is needed: it may not trace here');
  return status === 0;
}

const SHOWN =
  'socket,socketpair,bind,listen,accept4,connect,sendto,recvfrom,sendmsg,recvmsg,sendmmsg,' +
  'recvmmsg,shutdown,getsockname,getpeername,getsockopt,setsockopt,poll,sendfile,ioctl,close';

/** strace has the names of the system calls, and the kernel's own of some constants. */
function asTraced(line: string): string {
  return line
    .replace(/^sendto\((.*), NULL, 0\) = /, 'send($1) = ')
    .replace(/^recvfrom\((.*), NULL, NULL\) = /, 'recv($1) = ')
    .replaceAll('cmsg_type=SO_TIMESTAMP', 'cmsg_type=SCM_TIMESTAMP')
    .replace(/\b(S(?:O|CM)_\w+)_OLD\b/g, '$1');
}

interface Traced {
  /** strace's lines of each thread. */
  theirs: Map<number, string[]>;
  ours: string;
  pid: number;
}

class Run {
  private readonly folder = temporaryFolder();
  private readonly stderr = new OutputFile(this.folder, 'stderr');
  readonly stdout = new OutputFile(this.folder, 'stdout');

  start(args: readonly string[], input?: number) {
    const strace = ['-ff', '-a1', '-o', path.join(this.folder, 't'), '-e', `trace=${SHOWN}`];
    const options = {
      ...(input === undefined ? {} : { input }),
      stdout: this.stdout.fd,
      stderr: this.stderr.fd,
      cwd: ROOT,
      env: { SOCKKIT_TRACE: '1' },
    };
    return start('strace', [...strace, process.execPath, ...args], options);
  }

  result(): Traced {
    const theirs = new Map<number, string[]>();
    for (const name of fs.readdirSync(this.folder)) {
      const tid = Number(/^t\.(\d+)$/.exec(name)?.[1] ?? NaN);
      if (Number.isNaN(tid)) continue;
      const text = fs.readFileSync(path.join(this.folder, name), 'latin1');
      theirs.set(tid, text.split('\n').slice(0, -1).map(asTraced).map(withoutNumbers));
    }
    const ours = this.stderr.read().toString('latin1');
    return { theirs, ours, pid: Math.min(...theirs.keys()) };
  }
}

const strace = canTrace();

/** Calls between two that no other program would make. */
const CODE = `
  const sys = require('sockkit/sys'), c = sys.constants;
  const mark = () => { try { sys.shutdown(900000, c.SHUT_RDWR); } catch {} };
  const attempt = (call) => { try { return call(); } catch (error) { return error; } };
  mark();
  const listener = sys.socket(c.AF_INET, c.SOCK_STREAM);
  sys.setsockopt(listener, c.SOL_SOCKET, c.SO_REUSEADDR, 1);
  sys.bind(listener, { address: '127.0.0.1', port: 0 });
  sys.listen(listener, 7);
  const address = sys.getsockname(listener);
  const client = sys.socket(c.AF_INET, c.SOCK_STREAM, c.IPPROTO_TCP);
  attempt(() => sys.getpeername(client));
  sys.connect(client, address);
  const { fd } = sys.accept(listener);
  sys.setsockopt(client, c.IPPROTO_TCP, c.TCP_NODELAY, 1);
  sys.setsockopt(client, c.SOL_SOCKET, c.SO_LINGER, new Int32Array([1, 5]));
  sys.getsockopt(client, c.SOL_SOCKET, c.SO_LINGER, 8);
  sys.getsockopt(client, c.SOL_SOCKET, c.SO_ERROR);
  sys.getsockopt(client, c.SOL_SOCKET, c.SO_TYPE);
  sys.getsockopt(client, c.IPPROTO_TCP, c.TCP_INFO, 104);
  sys.getsockopt(client, c.IPPROTO_TCP, c.TCP_CONGESTION, 16);
  attempt(() => sys.setsockopt(client, c.SOL_SOCKET, 9999, 1));
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const into = Buffer.alloc(4096);
  for (let i = 0; i < 256; i += 16) {
    sys.send(client, all.subarray(i, i + 16));
    sys.recv(fd, into, c.MSG_PEEK);
    sys.recv(fd, into);
  }
  for (const length of [0, 31, 32, 33, 300]) {
    sys.send(client, Buffer.alloc(length, '0\\x001'), c.MSG_MORE | c.MSG_DONTWAIT);
  }
  sys.send(client, Buffer.from('!'), c.MSG_OOB);
  sys.poll([{ fd, events: c.POLLIN | c.POLLPRI }, { fd: client, events: c.POLLOUT }], 1000);
  sys.poll([{ fd: listener, events: c.POLLIN }], 0);
  sys.poll([], 0);
  sys.recv(fd, into, c.MSG_WAITALL | c.MSG_TRUNC);
  sys.tryRecv(fd, into, c.MSG_DONTWAIT);
  sys.setNonblocking(fd, true);
  sys.tryRecv(fd, into);
  sys.shutdown(client, c.SHUT_WR);
  sys.recv(fd, into);
  for (const each of [client, fd, listener]) sys.close(each);
  attempt(() => sys.close(900000));

  const one = sys.socket(c.AF_INET, c.SOCK_DGRAM), two = sys.socket(c.AF_INET, c.SOCK_DGRAM);
  for (const each of [one, two]) sys.bind(each, { address: '127.0.0.1', port: 0 });
  for (const option of [c.IP_PKTINFO, c.IP_RECVTTL]) sys.setsockopt(two, c.IPPROTO_IP, option, 1);
  const where = sys.getsockname(two);
  sys.sendto(one, Buffer.from('datagram'), where);
  sys.recvfrom(two, into);
  sys.sendmsg(one, { data: [Buffer.from('gat'), Buffer.from('hered')], address: where });
  sys.recvmsg(two, [Buffer.alloc(3), Buffer.alloc(100)]);
  sys.sendmmsg(one, ['a', 'bc'].map((text) => ({ data: Buffer.from(text), address: where })));
  sys.recvmmsg(two, [{ buffer: Buffer.alloc(8) }, { buffer: Buffer.alloc(8) }], c.MSG_DONTWAIT);
  attempt(() => sys.recvmmsg(two, [{ buffer: Buffer.alloc(8) }], c.MSG_DONTWAIT));
  attempt(() => sys.recvmsg(two, [Buffer.alloc(3)], { flags: c.MSG_DONTWAIT }));
  for (const each of [one, two]) sys.close(each);

  const [a, b] = sys.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
  sys.setsockopt(b, c.SOL_SOCKET, c.SO_PASSCRED, 1);
  sys.setsockopt(b, c.SOL_SOCKET, c.SO_TIMESTAMP, 1);
  sys.sendmsg(a, { data: Buffer.from('rights'), control: [{ type: 'rights', fds: [0, 1] }] });
  for (const { fds = [] } of sys.recvmsg(b, Buffer.alloc(100)).control) fds.forEach(sys.close);
  const file = require('node:fs').openSync(__filename === '[eval]' ? 'package.json' : __filename);
  sys.sendfile(a, file, 1, 30);
  sys.sendfile(a, file, null, 30);
  for (const each of [a, b]) sys.close(each);

  const six = sys.socket(c.AF_INET6, c.SOCK_DGRAM | c.SOCK_NONBLOCK);
  attempt(() => sys.connect(six, { address: '::1', port: 9, flowinfo: 5 }));
  const unix = sys.socket(c.AF_UNIX, c.SOCK_STREAM);
  for (const path of ['/no/such "name"', '\\0abstract\\0name', '/' + 'p'.repeat(107)]) {
    attempt(() => sys.connect(unix, { path }));
  }
  attempt(() => sys.connect(unix, { family: 77, raw: Buffer.from('raw') }));
  for (const each of [six, unix]) sys.close(each);
  attempt(() => sys.socket(12345, c.SOCK_STREAM));
  attempt(() => sys.shutdown(900000, 17));
  mark();
`;

/** Without what Node does beside it, and without the look-ups of interface names for traces. */
function own(lines: readonly string[]): string[] {
  const open = new Set<string>();
  return lines.filter((line, index) => {
    const [, sockets = ''] = /^(?:socket|accept4)\(.* = (\d+)$/.exec(line) ?? [];
    const [, one = '', two = ''] = /^socketpair\(.*\[(\d+), (\d+)\]\)/.exec(line) ?? [];
    const near = [lines[index - 1], line, lines[index + 1]];
    if (near.some((other) => other?.includes('SIOCGIFNAME') === true)) return false;
    for (const fd of [sockets, one, two]) open.add(fd);
    for (const [, fds = ''] of line.matchAll(/SCM_RIGHTS, cmsg_data=\[([\d, ]+)\]/g)) {
      for (const fd of fds.split(', ')) open.add(fd);
    }
    const closed = /^close\((\d+)\) = 0$/.exec(line)?.[1];
    return closed === undefined || open.delete(closed);
  });
}

const MARK = 'shutdown(900000, SHUT_RDWR) = -1 EBADF (Bad file descriptor)';

testWhere(strace, 'no strace')('each call of sockkit/sys as strace has it', async () => {
  const run = new Run();
  const { code } = await run.start(['-e', CODE], openFile('/dev/null', 'r')).finished;
  const { theirs, ours, pid } = run.result();
  expect([code, traceLines(ours).filter(({ tid }) => tid !== null)]).toEqual([0, []]);
  const between = (lines: readonly string[]) =>
    own(lines.slice(lines.indexOf(MARK), lines.lastIndexOf(MARK) + 1));
  const mine = between(calls(ours));
  expect(mine.length).toBeGreaterThan(100);
  expect(mine).toEqual(between(theirs.get(pid) ?? []));
});

/** The calls on sockets that a program has made itself, and polls with one of them. */
function onSockets(lines: readonly string[]): string[] {
  const open = new Set<string>();
  return lines.filter((line) => {
    const made = /^(?:socket\(AF_INET6?|accept4\().* = (\d+)$/.exec(line)?.[1];
    if (made !== undefined) open.add(made);
    const fd = /^\w+\((?:\[\{fd=)?(\d+)/.exec(line)?.[1] ?? '';
    const shown = made !== undefined || open.has(fd);
    if (line.startsWith('close(')) open.delete(fd);
    return shown;
  });
}

testWhere(strace, 'no strace')('sockclient and sockserve as strace has them', async () => {
  const port = await freePort();
  const serving = new Run();
  const server = serving.start([commandFile('sockserve'), '--host', '127.0.0.1', String(port)]);
  await listening(port, server);
  const file = path.join(temporaryFolder(), 'message');
  fs.writeFileSync(file, 'Go Tigers!\n');
  const sending = new Run();
  const args = [commandFile('sockclient'), '127.0.0.1', String(port)];
  const { code } = await sending.start(args, openFile(file, 'r')).finished;
  expect(code).toBe(0);
  await eventually('it is printed', () => serving.stdout.size === 11, server);
  const ready = serving.result();
  process.kill(ready.pid, 'SIGTERM');
  await server.finished;

  const client = sending.result();
  const mine = onSockets(calls(client.ours));
  expect(mine.some((line) => line.startsWith('send('))).toBe(true);
  expect(mine).toEqual(onSockets(client.theirs.get(client.pid) ?? []));

  // The listener is the main thread's, and the others use it.
  const { theirs, ours, pid } = serving.result();
  const lines = traceLines(ours);
  const threads = new Set(lines.map(({ tid }) => tid ?? pid));
  expect(threads.size).toBeGreaterThan(1);
  for (const thread of threads) {
    const own = lines.filter(({ tid }) => (tid ?? pid) === thread).map(({ text }) => text);
    const told = own.map(withoutNumbers).filter((line) => !/^(membarrier|poll)\(/.test(line));
    const real = (theirs.get(thread) ?? []).filter((line) => told.includes(line));
    expect(told).toEqual(real);
  }
  const accepts = [...theirs.values()].flat().filter((line) => line.startsWith('accept4('));
  expect(lines.filter(({ text }) => text.startsWith('accept4('))).toHaveLength(accepts.length);
});
