import { execFileSync } from 'node:child_process';
import { constants as c, Socket } from 'sockkit';
import * as sys from 'sockkit/sys';
import {
  cleanUp,
  CLOSED_FD,
  codeOf,
  failure,
  fdFlags,
  fileFd,
  openFds,
  socket,
} from './helpers/net.js';
import { closeSockets, connected, make, own } from './helpers/sockets.js';

afterEach(() => {
  closeSockets();
  cleanUp();
});

test('close() closes once, and does nothing more', () => {
  const made = make('tcp4');
  const { fd } = made;
  expect([made.closed, fd > 2]).toEqual([false, true]);
  made.close();
  expect([made.closed, made.fd]).toEqual([true, -1]);
  expect(codeOf(() => sys.getsockname(fd))).toBe('EBADF');
  // The number is another's by now, and that one stays open.
  const other = socket(c.AF_INET, c.SOCK_STREAM);
  made.close();
  made[Symbol.dispose]();
  expect(sys.getsockname(other)).toMatchObject({ port: 0 });
});

test('close() says when somebody else has closed the descriptor', () => {
  const made = make('tcp4');
  sys.close(made.fd);
  expect(
    codeOf(() => {
      made.close();
    }),
  ).toBe('EBADF');
  expect(made.closed).toBe(true);
});

test('Symbol.dispose closes', () => {
  const made = make('tcp4');
  made[Symbol.dispose]();
  expect(made.closed).toBe(true);
});

test('a new descriptor is close-on-exec, and so is a copy', () => {
  const made = make('tcp4');
  expect(fdFlags(made.fd)).toEqual({ cloexec: true, nonblocking: false });
  expect(fdFlags(own(made.dup()).fd)).toEqual({ cloexec: true, nonblocking: false });
});

test('detach() gives the descriptor away, open', () => {
  const made = make('tcp4');
  const { fd } = made;
  expect(made.detach()).toBe(fd);
  expect(made.closed).toBe(true);
  expect(codeOf(() => made.detach())).toBe('ERR_SOCKET_CLOSED');
  expect(sys.getsockname(fd)).toMatchObject({ port: 0 });
  sys.close(fd);
});

test('dup() is another descriptor of the same socket', () => {
  const [client, server] = connected();
  client.setTimeout(1234);
  const copy = own(client.dup());
  expect(copy.fd).not.toBe(client.fd);
  expect(copy.timeoutMs).toBe(1234);
  expect(copy.getOption('cookie')).toBe(client.getOption('cookie'));
  client.close();
  copy.sendAll('still open');
  expect(server.recv(100).toString()).toBe('still open');
});

test('fromFd() takes a descriptor over, once', () => {
  const fd = sys.socket(c.AF_INET, c.SOCK_DGRAM);
  const made = own(Socket.fromFd(fd));
  expect(made.fd).toBe(fd);
  expect(failure(() => Socket.fromFd(fd))).toMatchObject({
    code: 'ERR_SOCKET_HANDLE_ADOPTED',
    message: `Descriptor ${fd} belongs to a Socket already`,
  });
  made.close();
  expect(codeOf(() => sys.getsockname(fd))).toBe('EBADF');
});

test('fromFd() refuses what is no socket, and leaves it', () => {
  const file = fileFd();
  expect(codeOf(() => Socket.fromFd(file))).toBe('ENOTSOCK');
  expect(fdFlags(file)).toBeDefined();
  expect(codeOf(() => Socket.fromFd(CLOSED_FD))).toBe('EBADF');
});

test('a non-blocking descriptor that is taken over is waited for all the same', () => {
  const [client, server] = connected();
  sys.setNonblocking(client.fd, true);
  const taken = own(Socket.fromFd(client.detach()));
  taken.setTimeout(20);
  expect(codeOf(() => taken.recv(1))).toBe('ETIMEDOUT');
  server.sendAll('x');
  expect(taken.recv(1).toString()).toBe('x');
});

test('a constructor that fails opens nothing', () => {
  const before = openFds();
  expect(codeOf(() => new Socket(9999, c.SOCK_STREAM))).toBe('EAFNOSUPPORT');
  for (const value of [NaN, '2', null, 2 ** 32, undefined, {}]) {
    expect(codeOf(() => new Socket(value as number, c.SOCK_STREAM))).toMatch(/^ERR_/);
  }
  expect(openFds()).toEqual(before);
});

/** What Node says on stderr when this runs with `sockkit` and a gc(). */
function warningsOf(code: string): string {
  const script = `
    const { Socket, constants: c } = require(${JSON.stringify(require.resolve('sockkit'))});
    const make = () => new Socket(c.AF_INET, c.SOCK_STREAM);
    ${code}
    let rounds = 0;
    const round = () => { gc(); if (++rounds < 10) setImmediate(round); else after(); };
    round();`;
  return execFileSync(process.execPath, ['--expose-gc', '-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('a socket that is collected unclosed leaves a warning, and its descriptor open', () => {
  const output = warningsOf(`
    const warnings = [];
    process.on('warning', (warning) => warnings.push(warning));
    const fds = [make().fd, make().fd];
    const after = () => console.log(JSON.stringify({
      codes: warnings.map(({ code, name }) => [code, name]),
      named: fds.every((fd) => warnings.some(({ message }) => message.includes(\`descriptor \${fd} \`))),
      open: fds.map((fd) => require('fs').existsSync(\`/proc/self/fd/\${fd}\`)),
      again: Socket.fromFd(fds[0]).fd === fds[0],
    }));`);
  expect(JSON.parse(output)).toEqual({
    codes: [
      ['SOCKKIT_UNCLOSED', 'SocketWarning'],
      ['SOCKKIT_UNCLOSED', 'SocketWarning'],
    ],
    named: true,
    open: [true, true],
    again: true,
  });
});

test('one that was closed or detached leaves none', () => {
  const output = warningsOf(`
    const warnings = [];
    process.on('warning', (warning) => warnings.push(warning));
    make().close();
    make().detach();
    make()[Symbol.dispose]();
    const after = () => console.log(JSON.stringify(warnings));`);
  expect(JSON.parse(output)).toEqual([]);
});
