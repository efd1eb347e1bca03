// Several clients: one after another, and at the same time.
import { closeSync } from 'node:fs';
import { type Case, SPECIFICATION } from '../case.js';
import { CaseFailure } from '../failure.js';
import { expectLines } from '../lines.js';
import * as messages from '../messages.js';
import { until } from '../pace.js';
import type { Peer } from '../peer.js';
import { OutputPipe } from '../pipes.js';
import { tcpTable } from '../proc.js';
import { listenQueues } from '../sock-diag.js';
import { Stillness } from '../stillness.js';
import type { ServerRun } from '../server-run.js';
import type { Trial } from '../trial.js';

const side = 'server';
const AT_ONCE = 10;
const ROUNDS = 5;
const PIECE_BYTES = 6000;
const MANY = 25;
/** How long to wait for a server to read that may be waiting for something else. */
const READ_PATIENCE_MS = 3000;
const PATIENCE_MS = 20_000;
const RETRY_MS = 15_000;
/** The kernel's number of the state. */
const ESTABLISHED = 1;

export const serverManyCases: readonly Case[] = [
  {
    name: 'server-sequential',
    side,
    title: 'Four clients come one after another; every message is printed, in their order.',
    specification: SPECIFICATION.next,
    required: true,
    partners: true,
    run: sequential,
  },
  {
    name: 'server-ten-at-once',
    side,
    title:
      'Ten clients at the same time send one long line each, in pieces that alternate; the sorted lines of input and output must be equal.',
    specification: SPECIFICATION.whole,
    required: true,
    partners: true,
    run: tenAtOnce,
  },
  {
    name: 'server-slow-output',
    side,
    title:
      'Ten messages are complete while the reader of the output pauses, so that all threads want to print at once; no line may be mixed.',
    specification: SPECIFICATION.whole,
    required: true,
    partners: false,
    run: slowOutput,
  },
  {
    name: 'server-silent-client',
    side,
    title:
      'One client is connected and says nothing, another stops in the middle of its message; a third must be served all the same.',
    specification: SPECIFICATION.threads,
    required: true,
    partners: false,
    run: silentClient,
  },
  {
    name: 'server-queue',
    side,
    title: `${MANY} clients connect before the server can accept one of them; all must be served.`,
    specification: SPECIFICATION.queue,
    required: true,
    partners: false,
    run: queue,
  },
];

async function sequential(trial: Trial): Promise<void> {
  const server = await trial.server();
  const list = [messages.short(), messages.binary(3000), messages.line(10), messages.short()];
  let bytes = 0;
  for (const [index, message] of list.entries()) {
    const client = trial.client(server.port, message);
    bytes += message.length;
    const printed = await server.printed(bytes, [client.program]);
    server.expectAlive(`after client ${index + 1}`);
    if (printed < bytes) {
      throw new CaseFailure(
        `Client ${index + 1} of ${list.length} was not served: of its message of ${message.length} bytes ${message.length - (bytes - printed)} were printed. After a client the server must accept the next one, for ever.`,
      );
    }
  }
  await server.expectPrinted(Buffer.concat(list));
}

async function tenAtOnce(trial: Trial): Promise<void> {
  const server = await trial.server();
  const clients = Array.from({ length: AT_ONCE }, () => {
    const pipe = trial.pipe();
    return {
      pipe,
      line: messages.line(ROUNDS * PIECE_BYTES),
      run: trial.client(server.port, pipe),
    };
  });
  for (let round = 0; round < ROUNDS; round++) {
    const from = round * PIECE_BYTES;
    for (const { pipe, line } of clients) {
      await pipe.write(line.subarray(from, from + PIECE_BYTES));
    }
    await untilRead(server, AT_ONCE);
  }
  for (const { pipe } of clients) pipe.end();
  const bytes = AT_ONCE * ROUNDS * PIECE_BYTES;
  const programs = clients.map(({ run }) => run.program);
  if ((await server.printed(bytes, programs)) < bytes) {
    server.expectAlive('while it was serving ten clients');
  }
  const lines = clients.map(({ line }) => line);
  expectLines(`${server.name} printed`, lines, await server.finish());
}

/** Waits until so many connections are there and read, or for a while: the server need not read. */
async function untilRead(server: ServerRun, connections: number): Promise<void> {
  const stillness = new Stillness([server.program]);
  await until(READ_PATIENCE_MS, () => {
    const open = tcpTable().filter((e) => e.localPort === server.port && e.state === ESTABLISHED);
    const isRead = open.length >= connections && open.every((e) => e.receiveQueue === 0);
    return isRead || stillness.isLong(0, READ_PATIENCE_MS);
  });
}

async function slowOutput(trial: Trial): Promise<void> {
  const pipe = new OutputPipe(trial.folder);
  trial.defer(() => {
    pipe.destroy();
  });
  let server: ServerRun;
  try {
    server = await trial.server({ stdout: pipe.theirs });
  } finally {
    closeSync(pipe.theirs);
  }
  // More than a pipe holds, so that nobody gets through with one write().
  const lines = Array.from({ length: AT_ONCE }, () => messages.line(100_000));
  await sendAll(trial, server, lines);
  await server.quiet();
  pipe.drain();
  const bytes = lines.reduce((total, { length }) => total + length, 0);
  const stillness = new Stillness([server.program]);
  for (let last = -1; last !== pipe.size && pipe.size < bytes;) {
    last = pipe.size;
    await until(PATIENCE_MS, () => pipe.size >= bytes || stillness.isLong(pipe.size));
  }
  server.expectAlive('while it was serving ten clients');
  await server.quiet();
  expectLines(`${server.name} printed`, lines, pipe.bytes);
}

async function sendAll(trial: Trial, server: ServerRun, list: readonly Buffer[]): Promise<void> {
  const peers = await Promise.all(list.map(() => trial.connect(server.port)));
  // What is not taken while somebody prints is taken later.
  const sent = list.map(async (message, index) => {
    const peer = peers[index];
    if (peer === undefined) return;
    await peer.send(message);
    peer.end();
  });
  const all = Promise.allSettled(sent);
  const stillness = new Stillness([server.program]);
  await Promise.race([all, until(PATIENCE_MS, () => stillness.isLong(0, READ_PATIENCE_MS))]);
  await untilRead(server, 0);
}

async function silentClient(trial: Trial): Promise<void> {
  const server = await trial.server();
  const silent = await trial.connect(server.port);
  await expectServed(trial, server, 'A client that is connected and sends nothing');
  const half = await trial.connect(server.port);
  await half.send('the first half of a message, ');
  await half.read(READ_PATIENCE_MS);
  await expectServed(trial, server, 'A client that has stopped in the middle of its message');
  silent.end();
  half.end();
}

async function expectServed(trial: Trial, server: ServerRun, who: string): Promise<void> {
  const message = messages.short();
  const peer = await trial.connect(server.port);
  await peer.send(message);
  peer.end();
  if (await server.printedPart(message)) return;
  server.expectAlive('while a client was silent');
  throw new CaseFailure(
    `${who} keeps the others waiting: the next client's message is not printed before the silent one is gone. Serve each client in a thread of its own, and go back to accept() at once; and hold no lock while you wait in recv().`,
  );
}

async function queue(trial: Trial): Promise<void> {
  const server = await trial.server();
  server.program.signal('SIGSTOP');
  const lines = Array.from({ length: MANY }, () => messages.line(40));
  const open: Promise<Peer>[] = lines.map(() => trial.connect(server.port));
  await until(READ_PATIENCE_MS, () => {
    const queues = listenQueues(server.port);
    return (
      queues === null || queues.some(({ waiting, longest }) => waiting >= Math.min(longest, MANY))
    );
  });
  server.program.signal('SIGCONT');
  await Promise.all(
    open.map(async (connecting, index) => {
      const peer = await connecting;
      await peer.send(lines[index] ?? '');
      // Where the queue is full a connection can be established for the client alone (SYN cookies);
      // its first bytes are sent again until there is room, but its end would bring a reset.
      await peer.known(RETRY_MS, () => server.program.end !== null);
      peer.end();
    }),
  );
  const bytes = lines.reduce((total, { length }) => total + length, 0);
  // Whoever found the queue full tries again after 1, 2 and 4 seconds.
  await server.printed(bytes, [], RETRY_MS);
  server.expectAlive(`while ${MANY} clients came at once`);
  expectLines(`${server.name} printed`, lines, await server.finish());
}
