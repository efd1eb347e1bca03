// Sockets for the tests of the calls. One thread cannot wait for itself, so pairs are made of
// connections that the kernel completes before accept(), and waits are poll() with a limit.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as sys from 'sockkit/sys';

const { constants: c } = sys;
const LONGEST_WAIT_MS = 10_000;

const open = new Set<number>();
const directories = new Set<string>();

/** Takes a descriptor into the care of {@link cleanUp}. */
export function own(fd: number): number {
  open.add(fd);
  return fd;
}

/** Closes a descriptor of {@link own} now. */
export function closeNow(fd: number): void {
  open.delete(fd);
  sys.close(fd);
}

/** For afterEach. */
export function cleanUp(): void {
  for (const fd of open) sys.close(fd);
  open.clear();
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
  directories.clear();
}

export function socket(domain: number, type: number, protocol?: number): number {
  return own(sys.socket(domain, type, protocol));
}

export const tcpSocket = (): number => socket(c.AF_INET, c.SOCK_STREAM);
export const udpSocket = (): number => socket(c.AF_INET, c.SOCK_DGRAM);
export const unixSocket = (type = c.SOCK_STREAM): number => socket(c.AF_UNIX, type);

export function tempDir(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sk-'));
  directories.add(directory);
  return directory;
}

/** A plain file, open for reading and writing. */
export function fileFd(): number {
  return own(fs.openSync(path.join(tempDir(), 'file'), 'w+'));
}

/** A number that is no open descriptor, and far from those that are. */
export const CLOSED_FD = 900_000;

export interface Endpoint {
  fd: number;
  address: string;
  port: number;
}

/** The address of an IP socket. */
export function ipName(name: sys.Address): { address: string; port: number } {
  if (name.address === undefined) throw new Error(`not an IP address: ${JSON.stringify(name)}`);
  return { address: name.address, port: name.port };
}

export function listener(address = '127.0.0.1', backlog = 10): Endpoint {
  const fd = socket(address.includes(':') ? c.AF_INET6 : c.AF_INET, c.SOCK_STREAM);
  sys.bind(fd, { address, port: 0 });
  sys.listen(fd, backlog);
  return { fd, ...ipName(sys.getsockname(fd)) };
}

/** Two ends of a TCP connection; the first is the one that connected. */
export function tcpPair(): [number, number] {
  const server = listener();
  const client = tcpSocket();
  sys.connect(client, server);
  const accepted = own(sys.accept(server.fd).fd);
  closeNow(server.fd);
  return [client, accepted];
}

/** Two ends of a unix connection; `type` SOCK_STREAM or SOCK_SEQPACKET. */
export function unixPair(type = c.SOCK_STREAM): [number, number] {
  const server = unixSocket(type);
  // Without a name, bind() makes one up: Linux's autobind.
  sys.bind(server, { path: '' });
  sys.listen(server);
  const client = unixSocket(type);
  sys.connect(client, sys.getsockname(server));
  const accepted = own(sys.accept(server).fd);
  closeNow(server);
  return [client, accepted];
}

/** Two UDP sockets, each connected to the other. */
export function udpPair(): [number, number] {
  const pair: [number, number] = [udpSocket(), udpSocket()];
  for (const fd of pair) sys.bind(fd, { address: '127.0.0.1', port: 0 });
  const [a, b] = pair;
  sys.connect(a, sys.getsockname(b));
  sys.connect(b, sys.getsockname(a));
  return pair;
}

/** A port of the loopback that nobody listens on: it was bound a moment ago. */
export function refusingPort(): number {
  const fd = tcpSocket();
  sys.bind(fd, { address: '127.0.0.1', port: 0 });
  const { port } = ipName(sys.getsockname(fd));
  closeNow(fd);
  return port;
}

/** Waits until the descriptor is ready, and fails where that takes too long. */
export function ready(fd: number, events: number): number {
  const [result] = sys.poll([{ fd, events }], LONGEST_WAIT_MS);
  if (result === undefined) throw new Error(`descriptor ${fd} was not ready in time`);
  return result.revents;
}

/** Fills a non-blocking socket's send buffer; returns how many bytes went in. */
export function fill(fd: number): number {
  const chunk = Buffer.alloc(65536, 'x');
  for (let total = 0; ;) {
    const sent = sys.trySend(fd, chunk);
    if (sent < 0) return total;
    total += sent;
  }
}

/** Everything up to the end of the stream, or `size` bytes. */
export function readAll(fd: number, size = Infinity): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; total < size;) {
    const chunk = Buffer.alloc(Math.min(65536, size - total));
    const count = sys.recv(fd, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
  return Buffer.concat(chunks);
}

/** What `action` throws; that it throws nothing is a failure. */
export function failure(action: () => unknown): Error & Record<string, unknown> {
  try {
    action();
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('nothing was thrown');
}

/** `ECONNREFUSED`, or whatever else `action` throws. */
export function codeOf(action: () => unknown): unknown {
  return failure(action).code;
}

export type ErrnoName = keyof typeof os.constants.errno;
export const errno = (name: ErrnoName): number => -os.constants.errno[name];

/** What /proc says of a descriptor's close-on-exec and non-blocking flags. */
export function fdFlags(fd: number): { cloexec: boolean; nonblocking: boolean } {
  const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
  const flags = parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '', 8);
  return {
    cloexec: (flags & 0o2000000) !== 0,
    nonblocking: (flags & fs.constants.O_NONBLOCK) !== 0,
  };
}

export function openFds(): string[] {
  return fs.readdirSync('/proc/self/fd').sort();
}

/** How many of them are sockets: other threads can have other kinds come and go. */
export function countSockets(): number {
  return openFds().filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

/** `test`, or where something is missing on this machine, a skipped test that says what. */
export function testWhere(possible: boolean, reason: string): jest.It {
  if (possible) return test;
  console.warn(`tests are skipped: ${reason}`);
  return test.skip;
}

export const hasIPv6 = ((): boolean => {
  try {
    const fd = sys.socket(c.AF_INET6, c.SOCK_STREAM);
    try {
      sys.bind(fd, { address: '::1', port: 0 });
      return true;
    } finally {
      sys.close(fd);
    }
  } catch {
    return false;
  }
})();

export const testIPv6 = hasIPv6 ? test : testWhere(false, 'this machine has no IPv6');
