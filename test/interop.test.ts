// Every server with every client.
import { execFileSync, spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { expectSame, expectSameLines, oneAfterAnother, scenarios } from './helpers/course.js';
import { Session, tenAtOnce, type StartedServer } from './helpers/course.js';
import { removeFiles, temporaryFolder } from './helpers/files.js';
import { available, commandFile, freePort, listening, sockserve } from './helpers/run.js';
import { start, stopAll } from './helpers/run.js';

const REFERENCE = path.resolve(__dirname, '../reference');
const PEERS = path.resolve(__dirname, 'peers');
const HOST = '127.0.0.1';

interface Server {
  program: string;
  start: (stdout: number) => Promise<StartedServer>;
  /** It accepts the next client only when it is done with one. */
  oneAtATime?: true;
}

interface Client {
  program: string;
  command: (port: string) => string[];
}

const built = new Map<'server' | 'client', string>();

function reference(name: 'server' | 'client'): string {
  const file = built.get(name) ?? path.join(folder(), name);
  if (!built.has(name)) {
    const source = path.join(REFERENCE, `${name}.c`);
    execFileSync('cc', ['-std=c11', '-O2', '-pthread', '-o', file, source]);
    built.set(name, file);
  }
  return file;
}

let programs: string | null = null;
const folder = () => (programs ??= temporaryFolder());

/** A server that wants to be told its port. */
const withPort = (command: (port: string) => string[]) => async (stdout: number) => {
  const port = await freePort();
  const [file = '', ...args] = command(String(port));
  const server = start(file, args, { stdout, input: null });
  await listening(port, server);
  return { server, port };
};

const servers: Record<string, Server> = {
  sockserve: { program: 'node', start: (stdout) => sockserve([], { stdout }) },
  'the C reference': {
    program: 'cc',
    start: withPort((port) => [reference('server'), port]),
  },
  Python: {
    program: 'python3',
    start: withPort((port) => ['python3', path.join(PEERS, 'server.py'), port]),
  },
  'nc -lk': {
    program: 'nc',
    start: withPort((port) => ['nc', '-lk', HOST, port]),
    oneAtATime: true,
  },
};

const clients: Record<string, Client> = {
  sockclient: {
    program: 'node',
    command: (port) => [process.execPath, commandFile('sockclient'), HOST, port],
  },
  'the C reference': { program: 'cc', command: (port) => [reference('client'), HOST, port] },
  Python: {
    program: 'python3',
    command: (port) => ['python3', path.join(PEERS, 'client.py'), HOST, port],
  },
  'nc -N': { program: 'nc', command: (port) => ['nc', '-N', HOST, port] },
  socat: { program: 'socat', command: (port) => ['socat', '-u', 'STDIN', `TCP4:${HOST}:${port}`] },
};

/** Other netcats have other options. */
function usable(program: string): boolean {
  if (program === 'node') return true;
  if (!available(program)) return false;
  if (program !== 'nc') return true;
  const isOpenBsd = spawnSync('nc', ['-h'], { encoding: 'utf8' }).stderr.includes('OpenBSD');
  if (!isOpenBsd) console.warn('skipped where nc is needed: it is not the OpenBSD one');
  return isOpenBsd;
}

const names = [...Object.values(servers), ...Object.values(clients)].map(({ program }) => program);
const usablePrograms = new Set([...new Set(names)].filter(usable));

const pairs = Object.entries(servers).flatMap(([serverName, server]) =>
  Object.entries(clients).map(([clientName, client]) => ({
    name: `${serverName} <- ${clientName}`,
    server,
    client,
    runnable: usablePrograms.has(server.program) && usablePrograms.has(client.program),
  })),
);

afterEach(stopAll);
afterAll(removeFiles);

for (const { name, server, client, runnable } of pairs) {
  (runnable ? test : test.skip)(name, async () => {
    const session = await Session.open((stdout) => server.start(stdout));
    const [file = '', ...args] = client.command(String(session.port));
    const startClient = (input: Buffer | null) => start(file, args, { input });

    let expected = Buffer.alloc(0);
    for (const message of scenarios.flatMap(([, messages]) => messages)) {
      await oneAfterAnother(startClient, [message]);
      expected = Buffer.concat([expected, message]);
      // Some clients leave before the server has seen the end of their message.
      await session.untilPrinted(expected.length);
    }
    const lines = server.oneAtATime ? Buffer.alloc(0) : await tenAtOnce(startClient, 200);
    await session.untilPrinted(expected.length + lines.length);
    await session.server.kill();
    expectSame(session.printed.subarray(0, expected.length), expected);
    expectSameLines(session.printed.subarray(expected.length), lines);
  });
}
