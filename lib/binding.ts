// Loads the addon, and is alone in doing so.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What native code exports. A function that is a system call returns a number: the call's result
 * where that is >= 0, the negated errno, or one of the refusals below. None of them throws.
 */
export interface Binding {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, record: Uint8Array): number;
  listen(fd: number, backlog: number): number;
  accept(fd: number, record: Uint8Array): number;
  connect(fd: number, record: Uint8Array): number;
  send(fd: number, data: ArrayBufferView | ArrayBuffer, flags: number): number;
  recv(fd: number, buffer: ArrayBufferView | ArrayBuffer, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  getsockname(fd: number, record: Uint8Array): number;
  getpeername(fd: number, record: Uint8Array): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array): number;
  setsockopt(
    fd: number,
    level: number,
    option: number,
    value: number | ArrayBufferView | ArrayBuffer,
  ): number;
  /** `list` is a C array of struct pollfd. */
  poll(list: Int32Array, timeoutMs: number): number;
  setNonblocking(fd: number, on: boolean): number;
  /** See native/napi/descriptor.cc. */
  dup(fd: number): number;
  setCloseOnExec(fd: number): number;
  /** `program` is a C array of struct sock_filter. */
  attachFilter(fd: number, program: Uint8Array): number;
  /** The descriptor is closed when this environment ends, unless disown() comes first. */
  own(fd: number): number;
  disown(fd: number): number;
  /** The records of struct InfoRecord and the canonical name, or a negative number. */
  getaddrinfo(
    host: string | null,
    service: string | null,
    flags: number,
    family: number,
    type: number,
    protocol: number,
  ): [records: ArrayBuffer, canonname?: string] | number;
  /** The same on a thread of its own, which tells the result to `done`; 0, or a negative number. */
  lookup(
    host: string | null,
    service: string | null,
    flags: number,
    family: number,
    type: number,
    protocol: number,
    done: (result: [records: ArrayBuffer, canonname?: string] | number) => void,
  ): number;
  socketpair(domain: number, type: number, protocol: number, pair: Int32Array): number;
  sendto(
    fd: number,
    data: ArrayBufferView | ArrayBuffer,
    record: Uint8Array,
    flags: number,
  ): number;
  recvfrom(
    fd: number,
    buffer: ArrayBufferView | ArrayBuffer,
    record: Uint8Array,
    flags: number,
  ): number;
  /** See native/napi/message.cc, and native/napi/batch.cc. */
  sendmsg(
    fd: number,
    data: Buffers,
    record: Uint8Array | null,
    control: Uint8Array | null,
    flags: number,
  ): number;
  recvmsg(fd: number, buffers: Buffers, slab: Uint8Array, offset: number, flags: number): number;
  sendmmsg(
    fd: number,
    data: Buffers,
    plan: Int32Array,
    records: Uint8Array,
    control: readonly (Uint8Array | null)[] | null,
    memory: Uint8Array,
    flags: number,
  ): number;
  recvmmsg(
    fd: number,
    buffers: Buffers,
    offsets: Int32Array,
    slab: Uint8Array,
    memory: Uint8Array,
    flags: number,
  ): number;
  slotAddress(slab: Uint8Array, offset: number, record: Uint8Array): number;
  closeRights(slab: Uint8Array, offset: number): number;
  nextControl(memory: Uint8Array, begin: number, end: number, record: Uint8Array): number;
  putControl(record: Uint8Array, data: Uint8Array, out: Uint8Array, offset: number): number;
  sendfile(outFd: number, inFd: number, offset: number, count: number): number;
  getnameinfo(record: Uint8Array, flags: number): [host: string, service: string] | number;
  if_nametoindex(name: string): number;
  if_indextoname(index: number): string | number;
  /** See lib/send-recv.ts. */
  readonly small: ArrayBuffer;
  sendSmall(): void;
  recvSmall(): void;
  /** The C library's words for an errno, which is positive here. */
  strerror(errno: number): string;
  /** See native/napi/trace.cc. */
  trace(format: TraceFormat | 0, refused: string): number;
  readonly constants: Readonly<Record<string, number>>;
  readonly MessageServer: new () => NativeMessageServer;
  readonly Readiness: new () => NativeReadiness;
  readonly StreamServer: new () => NativeStreamServer;
}

/** Text, and JSON. */
export type TraceFormat = 1 | 2;

/** One buffer, or a plain array of them. */
export type Buffers = ArrayBufferView | ArrayBuffer | readonly (ArrayBufferView | ArrayBuffer)[];

/** See native/napi/message_server.cc. */
export interface NativeMessageServer {
  start(
    listener: number,
    output: number,
    config: {
      live: boolean;
      escape: boolean;
      unixSocket: boolean;
      holdBytes: number;
      memoryBytes: number;
      spoolBytes: number;
      spoolDirectory: string;
      stallMs: number;
      idleTimeoutMs: number;
      maxConnections: number;
    },
    onEvents: () => void,
  ): number;
  close(): void;
  take(fields: Float64Array, peer: Uint8Array): boolean;
  aside(text: Uint8Array): void;
  stats(fields: Float64Array): void;
  tellAll(on: boolean): void;
  setRef(on: boolean): void;
}

/** See native/napi/readiness.cc. */
export interface NativeReadiness {
  start(byPoll: boolean, onReady: () => void): number;
  stop(): void;
  add(fd: number, events: number, token: number): number;
  cancel(fd: number, token: number): void;
  forget(fd: number): void;
  take(pairs: Float64Array): number;
  setRef(on: boolean): void;
}

/** See native/napi/stream_server.cc. */
export interface NativeStreamServer {
  start(
    listener: number,
    config: {
      records: boolean;
      refuse: boolean;
      maxConnections: number;
      idleTimeoutMs: number;
      memoryBytes: number;
      lend: boolean;
    },
    records: Float64Array,
    small: Uint8Array,
    onEvents: () => void,
  ): number;
  close(): void;
  drain(chunks: (Buffer | ArrayBuffer)[]): number;
  read(token: number, lent: ArrayBuffer | undefined): Buffer | ArrayBuffer | number;
  send(token: number, data: Uint8Array, offset: number): number;
  awaitRoom(token: number): number;
  shutdown(token: number): number;
  finish(token: number, how: number, lent: ArrayBuffer | undefined): void;
  peer(token: number, record: Uint8Array, own: boolean): number;
  stats(fields: Float64Array): void;
  setRef(on: boolean): void;
}

/** An argument that cannot be used; native/napi/args.h has the same numbers. */
export const REFUSED_ARGUMENT = -100000;
/** Text that is no IP address. */
export const REFUSED_ADDRESS = -100001;

const ROOT = join(__dirname, '..', '..');

// A copy, because V8 keeps the properties of the addon's own object in a dictionary, and the calls
// through a plain object are found and compiled directly.
export const binding: Binding = { ...load() };

// A wrong value is told on stderr by native code: once, however many threads load this.
const { SOCKKIT_TRACE: wanted = '' } = process.env;
const traceFormats: Readonly<Record<string, TraceFormat>> = { 1: 1, text: 1, json: 2 };
if (wanted !== '' && wanted !== '0') binding.trace(traceFormats[wanted] ?? 0, wanted);

function load(): Binding {
  const reasons: string[] = [];
  for (const file of candidates()) {
    const loaded = attempt(file, reasons);
    if (loaded !== null) return loaded;
  }
  throw new Error(explain(reasons));
}

/**
 * Where a binary can be, by name and without a look at what else is there: a search of the folders
 * would cost milliseconds at each start.
 */
function* candidates(): Generator<string> {
  yield join(ROOT, 'build', 'Release', 'sockkit.node');
  const folder = join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`);
  if (process.platform !== 'linux') yield join(folder, 'sockkit.node');
  else if (isMusl()) yield join(folder, 'sockkit.musl.node');
  else yield join(folder, 'sockkit.glibc.node');
}

/**
 * By the dynamic linkers that are there: to ask Node would take longer than all the rest. A binary
 * for glibc may well load under musl, and crash later.
 */
function isMusl(): boolean {
  const linkers: Record<string, [musl: string, glibc: string]> = {
    x64: ['/lib/ld-musl-x86_64.so.1', '/lib64/ld-linux-x86-64.so.2'],
    arm64: ['/lib/ld-musl-aarch64.so.1', '/lib/ld-linux-aarch64.so.1'],
  };
  const [musl, glibc] = linkers[process.arch] ?? ['', ''];
  return existsSync('/etc/alpine-release') || (existsSync(musl) && !existsSync(glibc));
}

function attempt(file: string, reasons: string[]): Binding | null {
  if (!existsSync(file)) {
    reasons.push(`${file}: not there`);
    return null;
  }
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(file) as Binding;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const remedy =
      code === 'ERR_DLOPEN_DISABLED'
        ? ' Start Node with --allow-addons, or without --no-addons and --permission.'
        : '';
    reasons.push(`${file}: ${message.split('\n', 1)[0] ?? ''}${remedy}`);
    return null;
  }
}

function explain(reasons: readonly string[]): string {
  const { platform, arch, version, versions } = process;
  const libc = platform !== 'linux' ? '' : isMusl() ? ' musl' : ' glibc';
  const script = join(ROOT, 'native', 'build.mjs');
  return [
    `sockkit: no native addon could be loaded for ${platform}-${arch}${libc}, ` +
      `Node ${version} (modules ${versions.modules})`,
    ...reasons.map((reason) => `  ${reason}`),
    `  to build it here, which takes a C++ compiler: node ${quoted(script)}`,
  ].join('\n');
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w/.@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
