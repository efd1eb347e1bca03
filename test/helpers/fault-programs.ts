// The programs in which calls fail, and what became of them: a crash, a hang, a silent loss, a leak
// and a busy loop are thrown; everything else is a line for the table.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Client, closeClients } from './clients.js';
import { numberOf, type Fault } from './fault-table.js';
import { temporaryFolder } from './files.js';
import { letters } from './messages.js';
import { collector } from './peers.js';
import { openFiles } from './proc.js';
import { commandFile, sockclient, sockserve, start, type Finished, type Running } from './run.js';

const ROOT = path.resolve(__dirname, '../..');
const LONG = 2 * 2 ** 20;
/** A call that fails for ever is tried again a hundred times a second at most, and threads are few. */
const MOST_FAILURES = 3000;
const HANG_MS = 30_000;

export function compileShim(): string {
  const library = path.join(temporaryFolder(), 'fail-call.so');
  const source = path.join(ROOT, 'test/shim/fail-call.c');
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
  return library;
}

interface Injection {
  env: Record<string, string>;
  /** How many calls there were, and how many of them failed. */
  counts: () => { calls: number; failed: number };
}

function injection(library: string, fault: Fault): Injection {
  const log = path.join(temporaryFolder(), 'counts');
  return {
    env: {
      LD_PRELOAD: library,
      FAIL_CALL: fault.call,
      FAIL_ERRNO: numberOf(fault),
      FAIL_AT: String(fault.at),
      FAIL_COUNT: String(fault.count),
      FAIL_LOG: log,
    },
    counts() {
      if (!fs.existsSync(log)) return { calls: 0, failed: 0 };
      const bytes = fs.readFileSync(log);
      return { calls: Number(bytes.readBigUInt64LE(0)), failed: Number(bytes.readBigUInt64LE(8)) };
    },
  };
}

/** Waits for it; a program that hangs is told apart from one that fails, and is ended. */
async function within<T>(what: string, program: Running, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it hangs: ${what}; stderr: ${program.stderr}`));
    }, HANG_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function firstLine(text: string): string {
  return text.trimEnd().split('\n', 1)[0] ?? '';
}

/** What the program said, apart from where it listens and what the test's own clients did. */
function complaints(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.includes('listening on'));
}

/** Resolves to how it was reported. */
export async function runFault(library: string, fault: Fault): Promise<string> {
  const injected = injection(library, fault);
  const outcome = await programs[fault.program](injected);
  const { calls, failed } = injected.counts();
  if (failed > MOST_FAILURES) throw new Error(`a busy loop: ${failed} of ${calls} calls failed`);
  return failed === 0 ? `not called that often (${calls})` : outcome;
}

/**
 * Calls that fail from then on, while clients that may wait for ever are there: the server pauses
 * between its tries, says what it cannot do, and ends when it is told to.
 */
export async function runLasting(library: string, fault: Fault): Promise<string> {
  const { env, counts } = injection(library, fault);
  const { server, port } = await sockserve(['--spool-dir', temporaryFolder()], { env });
  // The first has the floor and does not end, so that the others are held and spooled.
  const holder = await Client.connect(port);
  void holder.write(letters(LONG)).catch(() => undefined);
  for (let i = 0; i < 4; i++) {
    const client = await Client.connect(port);
    void client.end(letters(i % 2 === 0 ? 100 : LONG));
  }
  // Long enough for a loop that spins to show in the counts; nothing depends on it otherwise.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { code, signal, stderr } = await within('after SIGTERM', server, server.kill());
  const { calls, failed } = counts();
  if (failed > MOST_FAILURES) throw new Error(`a busy loop: ${failed} of ${calls} calls failed`);
  if (signal !== 'SIGTERM' && code !== 1) throw new Error(`ended by ${signal ?? code}: ${stderr}`);
  const said = complaints(stderr);
  return `${failed} failed, ends at SIGTERM${said.length === 0 ? '' : `: ${said[0]}`}`;
}

const programs = { sockserve: serve, sockclient: send, promises: converse };

async function serve({ env }: Injection): Promise<string> {
  const spool = temporaryFolder();
  const args = ['--stall', '20s', '--spool-dir', spool, '--host', '127.0.0.1', '0'];
  const server = start(process.execPath, [commandFile('sockserve'), ...args], { env });
  const listening = server.stderrMatch(/listening on .*port (\d+)/).then(
    ([, port]) => Number(port),
    () => null,
  );
  const port = await within('at its start', server, listening);
  if (port === null) return refusedToStart(await server.finished);
  const files = openFiles(server.pid);

  // One that has the floor, two that are spooled meanwhile, and short ones; each ends when it is
  // printed, or when the server gives it up.
  const messages = [LONG, LONG, LONG, 100, 100].map((bytes, index) =>
    Buffer.concat([Buffer.from(`\n${index}`), letters(bytes), Buffer.from(`${index}`)]),
  );
  const conversation = async () => {
    const [holder, ...others] = await Promise.all(messages.map(() => Client.connect(port)));
    if (holder === undefined) throw new Error('no client');
    const [held = Buffer.alloc(0), ...rest] = messages;
    await holder.write(held.subarray(0, LONG / 2)).catch(() => undefined);
    const ends = others.map((client, index) => client.end(rest[index]));
    // Those that are short wait for the floor; nothing tells that all of them have arrived.
    ends.push(holder.end(held.subarray(LONG / 2)));
    return Promise.all(ends);
  };
  // A server that has given up resets its clients.
  const ends = await within(
    'with five clients',
    server,
    conversation().catch(() => ['refused']),
  );
  const after = await within(
    'with a client afterwards',
    server,
    Client.connect(port).then(
      (client) => client.end('\nafter'),
      () => 'refused',
    ),
  );
  const serving = after === 'end';
  // Where one client failed, others may still be connected.
  closeClients();
  const leaked = server.ended ? 0 : await leakedFiles(server, files);
  const finished = await within('after SIGTERM', server, server.kill());
  return judge({ finished, messages, ends, serving, leaked, left: fs.readdirSync(spool).length });
}

/** Descriptors that are open beyond those at the start, once the connections are gone. */
async function leakedFiles(server: Running, files: number): Promise<number> {
  let more = 0;
  for (let i = 0; i < 400 && !server.ended; i++) {
    try {
      more = openFiles(server.pid) - files;
    } catch {
      return 0;
    }
    if (more <= 0) return 0;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return server.ended ? 0 : more;
}

function refusedToStart({ code, signal, stderr }: Finished): string {
  if (code !== 1 || complaints(stderr).length !== 1 || !stderr.startsWith('sockserve: ')) {
    throw new Error(`ended by ${signal ?? code} at its start, saying ${stderr}`);
  }
  return `does not start: ${firstLine(stderr)}`;
}

interface Seen {
  finished: Finished;
  messages: Buffer[];
  ends: string[];
  serving: boolean;
  leaked: number;
  left: number;
}

function judge({ finished, messages, ends, serving, leaked, left }: Seen): string {
  const { code, signal, stdout, stderr } = finished;
  const said = complaints(stderr);
  if (signal !== 'SIGTERM' && (code !== 1 || said.length === 0)) {
    throw new Error(`ended by ${signal ?? code}, saying ${stderr}`);
  }
  const missing = messages.filter((message) => !stdout.includes(message)).length;
  const total = messages.reduce((sum, message) => sum + message.length, 0) + '\nafter'.length;
  const lost = total - stdout.length;
  if ((missing > 0 || lost > 0 || !serving) && said.length === 0) {
    throw new Error(
      `a silent loss: ${missing} messages, ${lost} bytes; clients saw ${ends.join()}`,
    );
  }
  // Text that comes after a hole, or twice, would be taken for the message.
  for (const [index, message] of messages.entries()) {
    const at = stdout.indexOf(`\n${index}`);
    if (at < 0 || stdout.includes(message)) continue;
    const next = stdout.indexOf('\n', at + 1);
    const printed = stdout.subarray(at, next < 0 ? stdout.length : next);
    if (message.compare(printed, 0, printed.length, 0, printed.length) !== 0) {
      throw new Error(`message ${index} has a hole: ${printed.length} bytes of ${message.length}`);
    }
  }
  if (leaked > 0) throw new Error(`${leaked} descriptors are leaked`);
  if (left > 0) throw new Error(`${left} files are left in the spool's folder`);
  const loss = missing === 0 ? 'nothing lost' : `${missing} messages in part or not at all`;
  const goes = serving ? 'still serving' : 'ends';
  return `${loss}, ${goes}${said.length === 0 ? '' : `: ${firstLine(said.join('\n'))}`}`;
}

async function send({ env }: Injection): Promise<string> {
  const { port, messages, peer } = await collector();
  const message = letters(300_000);
  const client = sockclient(['127.0.0.1', String(port)], { input: message, env });
  const { code, signal, stderr } = await within('as a client', client, client.finished);
  try {
    if (signal !== null) throw new Error(`ended by ${signal}`);
    if (code !== 0) {
      if (code !== 1 || !/^sockclient: [^\n]+\n$/.test(stderr)) {
        throw new Error(`exit status ${code}, saying ${stderr}`);
      }
      return `exit status 1: ${firstLine(stderr)}`;
    }
    if (stderr !== '') throw new Error(`exit status 0, saying ${stderr}`);
    const received = await messages[0];
    if (received?.equals(message) !== true) {
      throw new Error(`a silent loss: ${received?.length ?? 0} bytes of ${message.length} arrived`);
    }
    return 'everything arrives, exit status 0';
  } finally {
    peer.close();
  }
}

// Every promise settles: with what is right, or with an error that names the call.
const CONVERSATION = `
  const { Socket } = require('sockkit/promises');
  const { constants } = require('sockkit/sys');
  const { AF_INET, SOCK_STREAM, SOCK_DGRAM, SHUT_WR } = constants;
  const open = [];
  const make = (type) => { const s = new Socket(AF_INET, type); open.push(s); return s; };
  const any = { address: '127.0.0.1', port: 0 };
  const size = 1 << 20;
  async function stream() {
    const listener = make(SOCK_STREAM);
    listener.setOption('reuseAddr', true);
    listener.bind(any);
    listener.listen();
    const client = make(SOCK_STREAM);
    const [{ socket }] = await Promise.all([listener.accept(), client.connect(listener.localAddress)]);
    open.push(socket);
    const copy = client.dup();
    open.push(copy);
    const echo = (async () => {
      for await (const chunk of socket) await socket.sendAll(chunk);
      socket.shutdown(SHUT_WR);
    })();
    const back = (async () => {
      let bytes = 0;
      for await (const chunk of client) bytes += chunk.length;
      return bytes;
    })();
    const sent = client.sendAll(Buffer.alloc(size, 'x')).then(() => copy.shutdown(SHUT_WR));
    const [bytes] = await Promise.all([back, echo, sent]);
    if (bytes !== size) throw new Error('LOST: ' + bytes);
  }
  async function datagrams() {
    const [a, b] = [make(SOCK_DGRAM), make(SOCK_DGRAM)];
    a.bind(any);
    b.bind(any);
    const got = b.recvMsg(100);
    got.catch(() => undefined);
    await a.sendMsg({ data: [Buffer.from('da'), Buffer.from('ta')], address: b.localAddress });
    const { data } = await got;
    if (data.toString() !== 'data') throw new Error('LOST: ' + data);
  }
  const done = (async () => {
    for (const part of [stream, datagrams]) {
      try {
        await part();
        console.log(part.name, 'done');
      } catch (error) {
        if (error.syscall === undefined) throw error;
        console.log(part.name, error.message);
        for (const socket of open) socket.close();
      }
    }
    for (const socket of open) socket.close();
  })();
`;

async function converse({ env }: Injection): Promise<string> {
  const program = start(process.execPath, ['-e', CONVERSATION], { cwd: ROOT, env });
  const { code, signal, stdout, stderr } = await within(
    'in a conversation',
    program,
    program.finished,
  );
  const said = stdout.toString().trimEnd();
  if (code !== 0 || stderr !== '' || said.split('\n').length !== 2) {
    throw new Error(`ended by ${signal ?? code}, saying ${said} and ${stderr}`);
  }
  return said.replace(/\n/g, ', ');
}
