// The library that sockcheck loads before the programs that it grades: what it makes happen, what it
// leaves alone, what it writes down, and what is told from that.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { expectSame } from './helpers/course.js';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { type Faults, Shim, whyNotPreloaded } from './helpers/inside-check.js';
import { findings, readBeforeSending, servingThreads } from './helpers/inside-check.js';
import { eventsOf, readShimLog, type ShimEvent } from './helpers/inside-check.js';
import { closePeers, collector } from './helpers/peers.js';
import { available, commandFile, freePort, listening, run, start, stopAll } from './helpers/run.js';

const found = Shim.find();
if (typeof found === 'string') console.warn(`skipped: ${found}`);
const testShim = typeof found === 'string' ? test.skip : test;
const ROOT = path.resolve(__dirname, '..');
const HARD: Faults = {
  sendBytes: 7,
  sendEintr: 3,
  sendEagain: 3,
  recvBytes: 1,
  recvEintr: 3,
  recvEagain: 3,
  acceptEintr: 2,
  waitEintr: 3,
};

let folder: string;
let log: string;

beforeEach(() => {
  folder = temporaryFolder();
  log = path.join(folder, 'calls');
});

afterEach(async () => {
  await stopAll();
  closePeers();
  removeFiles();
});

function shim(): Shim {
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const env = (faults: Faults = {}) => shim().environment({ log, faults });

/** Compiles a program of one file; the text begins after the usual includes. */
function compile(text: string, ...flags: string[]): string {
  const source = path.join(folder, 'program.c');
  const headers = ['arpa/inet.h', 'errno.h', 'poll.h', 'pthread.h', 'signal.h', 'stdio.h'];
  headers.push('stdlib.h', 'string.h', 'sys/epoll.h', 'sys/socket.h', 'sys/uio.h', 'unistd.h');
  const includes = headers.map((name) => `#include <${name}>`).join('\n');
  const connect = `
    static int connect_to(const char* port) {
      struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      int fd = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(fd, (struct sockaddr*)&to, sizeof to) < 0) exit(9);
      return fd;
    }`;
  fs.writeFileSync(source, `#define _GNU_SOURCE\n${includes}\n${connect}\n${text}\n`);
  const program = path.join(folder, 'program');
  execFileSync('cc', ['-w', '-O2', '-pthread', ...flags, '-o', program, source]);
  return program;
}

/** Runs a client against a server that only collects; what arrived, how it ended, its calls. */
async function withClient(
  words: readonly string[],
  { faults = {}, input = '' }: { faults?: Faults; input?: string | Uint8Array } = {},
): Promise<{ code: number | null; message: Buffer; stderr: string; events: ShimEvent[] }> {
  const { port, messages } = await collector();
  const filled = words.map((word) => word.replace('{port}', String(port)));
  const { code, stderr } = await run(filled[0] ?? '', filled.slice(1), { input, env: env(faults) });
  return {
    code,
    stderr,
    message: (await messages[0]) ?? Buffer.alloc(0),
    events: readShimLog(log),
  };
}

const PYTHON = path.join(ROOT, 'test/peers');
const pairs: [name: string, server: string[], client: string[]][] = [
  [
    'Node',
    [process.execPath, path.join(ROOT, 'bench/peers/node-message-server.mjs'), '{port}'],
    [process.execPath, path.join(ROOT, 'bench/peers/node-client.mjs'), '127.0.0.1', '{port}'],
  ],
  [
    'sockkit',
    [process.execPath, commandFile('sockserve'), '{port}'],
    [process.execPath, commandFile('sockclient'), '127.0.0.1', '{port}'],
  ],
];
if (available('python3')) {
  pairs.push([
    'Python',
    ['python3', path.join(PYTHON, 'server.py'), '{port}'],
    ['python3', path.join(PYTHON, 'client.py'), '127.0.0.1', '{port}'],
  ]);
}

testShim.each(pairs)(
  'a right pair is right under every fault: %s',
  async (_name, server, client) => {
    const port = String(await freePort());
    const fill = (words: string[]) => words.map((word) => word.replace('{port}', port));
    const message = randomBytes(5000);
    const [program = '', ...args] = fill(server);
    const running = start(program, args, { env: env(HARD) });
    await listening(Number(port), running);
    const [file = '', ...rest] = fill(client);
    const clientLog = path.join(folder, 'client');
    const ended = await run(file, rest, {
      input: message,
      env: shim().environment({ log: clientLog, faults: HARD }),
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    await running.until('the message was printed', () => running.stdout.length >= message.length);
    const { stdout } = await running.kill();
    expectSame(stdout, message);
    const sends = eventsOf(readShimLog(clientLog), 'send');
    expect(sends.filter(({ result }) => result > 7)).toEqual([]);
    expect(sends.reduce((sum, { result }) => sum + Math.max(0, result), 0)).toBe(message.length);
    const serverEvents = readShimLog(log);
    expect(eventsOf(serverEvents, 'recv').filter(({ result }) => result > 1)).toEqual([]);
    expect(findings(serverEvents, { who: 'your server', ended: false })).toEqual([]);
    expect(findings(readShimLog(clientLog), { who: 'your client', ended: true })).toEqual([]);
  },
);

testShim('files, pipes and unix sockets are left alone', async () => {
  const program = compile(`
    int main(void) {
      char bytes[5000] = {1}, back[5000];
      int pipe_fds[2], pair[2];
      pipe(pipe_fds);
      socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
      if (write(pipe_fds[1], bytes, sizeof bytes) != sizeof bytes) return 1;
      if (read(pipe_fds[0], back, sizeof back) != sizeof back) return 2;
      if (send(pair[0], bytes, sizeof bytes, 0) != sizeof bytes) return 3;
      if (recv(pair[1], back, sizeof back, 0) != sizeof back) return 4;
      struct pollfd ready = {.fd = pair[0], .events = POLLOUT};
      for (int i = 0; i < 9; i++) if (poll(&ready, 1, 1000) != 1) return 5;
      return 0;
    }`);
  expect((await run(program, [], { env: env(HARD) })).code).toBe(0);
  expect(readShimLog(log).map(({ op }) => op)).toEqual(['start', 'exit']);
});

testShim('what a short count or EAGAIN would break is left alone', async () => {
  // Edge-triggered epoll tells of room once; MSG_WAITALL promises everything.
  const program = compile(`
    int main(int argc, char** argv) {
      int fd = connect_to(argv[1]);
      fcntl(fd, 4 /* F_SETFL */, 04000 /* O_NONBLOCK */);
      int epoll = epoll_create1(0);
      struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
      epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
      char bytes[1000] = {1};
      return send(fd, bytes, sizeof bytes, 0) == sizeof bytes ? 0 : 1;
    }`);
  const { code, message } = await withClient([program, '{port}'], { faults: HARD });
  expect({ code, bytes: message.length }).toEqual({ code: 0, bytes: 1000 });
});

testShim('EINTR comes to a blocking socket, EAGAIN to a non-blocking one', async () => {
  const program = compile(`
    int main(int argc, char** argv) {
      int fd = connect_to(argv[1]);
      if (send(fd, "abc", 3, 0) != -1 || errno != EINTR) return 1;
      if (send(fd, "abc", 3, 0) != 3) return 2;
      if (send(fd, "def", 3, MSG_DONTWAIT) != -1 || errno != EAGAIN) return 3;
      if (send(fd, "def", 3, MSG_DONTWAIT) != 3) return 4;
      return 0;
    }`);
  const faults = { sendEintr: 5, sendEagain: 5 };
  const { code, message, events } = await withClient([program, '{port}'], { faults });
  expect({ code, message: message.toString() }).toEqual({ code: 0, message: 'abcdef' });
  expect(eventsOf(events, 'send').map(({ injected, error }) => injected ?? error ?? '')).toEqual([
    'EINTR',
    '',
    'EAGAIN',
    '',
  ]);
});

testShim('the pieces of a list are sent in order, and none twice', async () => {
  const program = compile(`
    int main(int argc, char** argv) {
      int fd = connect_to(argv[1]);
      struct iovec pieces[3] = {{"", 0}, {"abc", 3}, {"defghijk", 8}};
      if (writev(fd, pieces, 3) != 7) return 1;
      struct iovec rest[2] = {{"hij", 3}, {"k", 1}};
      struct msghdr message = {.msg_iov = rest, .msg_iovlen = 2};
      if (sendmsg(fd, &message, 0) != 4) return 2;
      return write(fd, "l", 1) == 1 ? 0 : 3;
    }`);
  const { code, message, events } = await withClient([program, '{port}'], {
    faults: { sendBytes: 7 },
  });
  expect({ code, message: message.toString() }).toEqual({ code: 0, message: 'abcdefghijkl' });
  expect(eventsOf(events, 'send')).toMatchObject([
    { call: 'writev', asked: 11, result: 7, injected: 'short', n: 0 },
    { call: 'sendmsg', asked: 4, result: 4, n: 1 },
    { call: 'write', asked: 1, result: 1, n: 2 },
  ]);
  expect(eventsOf(events, 'send')[0]).toMatchObject({
    head: Buffer.from('abcdefghijk').toString('hex'),
    rest: Buffer.from('hijk').toString('hex'),
  });
  expect(findings(events, { who: 'your client', ended: true })).toEqual([]);
});

testShim('a forked child, a vforked one and many threads at once', async () => {
  const program = compile(
    `
    static int fd;
    static void* sender(void* unused) {
      for (int i = 0; i < 100; i++) while (send(fd, "x", 1, 0) != 1) {}
      return NULL;
    }
    int main(int argc, char** argv) {
      fd = connect_to(argv[1]);
      pthread_t threads[8];
      for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, sender, NULL);
      for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
      if (fork() == 0) { sender(NULL); _exit(3); }
      int status;
      wait(&status);
      return system("true") == 0 && WEXITSTATUS(status) == 3 ? 0 : 1;
    }
    `.replace('static int fd', '#include <sys/wait.h>\nstatic int fd'),
  );
  const { code, message, events } = await withClient([program, '{port}'], {
    faults: { sendEintr: 3 },
  });
  expect({ code, bytes: message.length }).toEqual({ code: 0, bytes: 900 });
  expect(eventsOf(events, 'thread')).toHaveLength(8);
  expect(new Set(eventsOf(events, 'send').map(({ tid }) => tid)).size).toBe(9);
  expect(eventsOf(events, 'exit').map(({ status }) => status)).toEqual(
    expect.arrayContaining([3, 0]),
  );
});

testShim(
  'a program that closes every descriptor, and one that hands in bad addresses',
  async () => {
    const program = compile(`
    int main(int argc, char** argv) {
      int fd = connect_to(argv[1]);
      for (int i = 3; i < 1024; i++) if (i != fd) close(i);
      if (send(fd, (void*)8, 100, 0) != -1 || errno != EFAULT) return 1;
      if (writev(fd, (void*)8, 2) != -1 || errno != EFAULT) return 2;
      if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, (void*)8, 4) != -1) return 3;
      if (sendmsg(fd, (void*)8, 0) != -1 || errno != EFAULT) return 4;
      if (recvmsg(fd, (void*)8, 0) != -1 || errno != EFAULT) return 5;
      if (readv(fd, (void*)8, 2) != -1 || errno != EFAULT) return 6;
      if (bind(fd, (void*)8, sizeof(struct sockaddr_in)) != -1) return 7;
      if (poll((void*)8, 1, 10) != -1 || errno != EFAULT) return 8;
      return send(fd, "after", 5, 0) == 5 ? 0 : 9;
    }`);
    const { code, message, events } = await withClient([program, '{port}']);
    expect({ code, message: message.toString() }).toEqual({ code: 0, message: 'after' });
    expect(eventsOf(events, 'send').at(-1)).toMatchObject({ result: 5 });
  },
);

testShim('programs that are compiled with checked headers are seen too', async () => {
  const program = compile(
    `
    int main(int argc, char** argv) {
      int fd = connect_to(argv[1]);
      char bytes[16];
      shutdown(fd, SHUT_WR);
      volatile size_t length = sizeof bytes;
      return recv(fd, bytes, length, 0) == 0 && read(fd, bytes, length) == 0 ? 0 : 1;
    }`,
    '-D_FORTIFY_SOURCE=2',
  );
  const { code, events } = await withClient([program, '{port}']);
  expect(code).toBe(0);
  expect(eventsOf(events, 'recv').map(({ call }) => call)).toEqual(['recv', 'read']);
});

testShim('the log is bounded, and the program goes on', async () => {
  const program = compile(`
    int main(int argc, char** argv) {
      int fd = connect_to(argv[1]);
      for (int i = 0; i < 1000; i++) send(fd, "x", 1, 0);
      return 0;
    }`);
  const { port, messages } = await collector();
  const small = { ...env(), SOCKCHECK_SHIM_LIMIT: '2000' };
  expect((await run(program, [String(port)], { env: small })).code).toBe(0);
  expect(await messages[0]).toHaveLength(1000);
  expect(fs.statSync(log).size).toBeLessThan(3000);
  expect(readShimLog(log).at(-1)).toEqual({ op: 'full' });
});

testShim('a log that cannot be written is no harm', async () => {
  const program = compile(
    'int main(int c, char** v) { return send(connect_to(v[1]), "x", 1, 0) - 1; }',
  );
  log = '/nowhere/calls';
  expect(await withClient([program, '{port}'])).toMatchObject({ code: 0, events: [] });
});

const CLIENT = (body: string) => `
  int main(int argc, char** argv) {
    int fd = connect_to(argv[1]);
    char chunk[2048];
    ssize_t count;
    while ((count = read(0, chunk, sizeof chunk)) > 0) { ${body} }
    close(fd);
    return 0;
  }`;
const MISTAKES: [kind: string, body: string, sentence: RegExp][] = [
  [
    'rest-dropped',
    'while (send(fd, chunk, count, 0) < 0) {}',
    /^Your client asked send\(\) to send 2048 bytes, the kernel took 7, and the other 2041 were never sent, and the next call already/,
  ],
  [
    'rest-repeated',
    'while (send(fd, chunk, count, 0) != count && count-- > 2040) {}',
    /took 7, and the next call began again from the start, so those 7 were sent twice/,
  ],
  [
    'send-not-repeated',
    'for (ssize_t at = 0, n; at < count; at += n) if ((n = send(fd, chunk + at, count - at, 0)) < 0) break;',
    /it failed with EINTR.+never sent/,
  ],
];

testShim.each(MISTAKES)('told from the calls: %s', async (kind, body, sentence) => {
  const program = compile(CLIENT(body));
  const { events } = await withClient([program, '{port}'], {
    input: randomBytes(6000),
    faults: { sendBytes: 7, sendEintr: 50 },
  });
  const told = findings(events, { who: 'your client', ended: true });
  expect(told.find((one) => one.kind === kind)?.sentence).toMatch(sentence);
});

testShim('told from the calls: how much was read before anything was sent', async () => {
  const program = compile(
    CLIENT('for (ssize_t at = 0; at < count;) at += send(fd, chunk + at, count - at, 0);'),
  );
  const { events } = await withClient([program, '{port}'], { input: randomBytes(100_000) });
  expect(readBeforeSending(events)).toBe(2048);
});

testShim(
  'told from the calls: the queue, SO_REUSEADDR, SO_LINGER, and the threads that serve',
  async () => {
    const program = compile(`
    static void* serve(void* argument) {
      char bytes[100];
      int fd = (int)(long)argument;
      struct linger now = {1, 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      while (recv(fd, bytes, sizeof bytes, 0) > 0) {}
      close(fd);
      return NULL;
    }
    int main(int argc, char** argv) {
      struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
      int listener = socket(AF_INET, SOCK_STREAM, 0);
      bind(listener, (struct sockaddr*)&at, sizeof at);
      listen(listener, 1);
      for (int i = 0; i < 3; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, serve, (void*)(long)accept(listener, NULL, NULL));
        pthread_join(thread, NULL);
      }
      return 0;
    }`);
    const port = await freePort();
    const server = start(program, [String(port)], { env: env() });
    await listening(port, server);
    for (let i = 0; i < 3; i++) {
      const args = [commandFile('sockclient'), '127.0.0.1', String(port)];
      await run(process.execPath, args, { input: 'hello' });
    }
    expect((await server.finished).code).toBe(0);
    const events = readShimLog(log);
    expect(eventsOf(events, 'bind')).toMatchObject([{ address: '0.0.0.0', port, result: 0 }]);
    expect(servingThreads(events)).toBe(3);
    const told = findings(events, { who: 'your server', backlog: 10, ended: true });
    expect(told.map(({ kind }) => kind).sort()).toEqual(['backlog', 'no-reuse', 'reset-at-close']);
    expect(told.map(({ sentence }) => sentence).join('\n')).toContain(
      'Your server called listen() with a queue of 1; the specification asks for 10.',
    );
  },
);

test('programs that it cannot be loaded into', () => {
  const why = (...words: string[]) => whyNotPreloaded(words, folder, process.env.PATH ?? '');
  const dynamic = compile('int main(void) { return 0; }');
  expect(why(dynamic)).toBeNull();
  const script = path.join(folder, 'script');
  fs.writeFileSync(script, `#!/usr/bin/env -S node\n`);
  expect(why(script)).toBeNull();
  fs.writeFileSync(script, `#!${dynamic}\n`);
  expect(why('./script')).toBeNull();
  expect(why('./nothing')).toBe('there is no ./nothing');
  fs.writeFileSync(script, 'just text');
  expect(why('./script')).toContain('neither a program for this system nor a script');
  fs.writeFileSync(script, `#!/bin/sh\n`, { mode: 0o755 });
  fs.copyFileSync(dynamic, `${dynamic}-suid`);
  fs.chmodSync(`${dynamic}-suid`, 0o4755);
  expect(why(`${dynamic}-suid`)).toContain('set-user-ID');
  const still = compile('int main(void) { return 0; }', '-static');
  expect(why(still)).toContain('is linked statically');
  const header = fs.readFileSync(still);
  header.writeUInt16LE(8, 18);
  fs.writeFileSync(still, header);
  expect(why(still)).toContain('is made for another processor');
});

const testGo = available('go') ? testShim : test.skip;
testGo('Go programs, linked either way', () => {
  const why = (...words: string[]) => whyNotPreloaded(words, folder, process.env.PATH ?? '');
  expect(why('go', 'run', 'server.go')).toContain('is a Go program');
});
