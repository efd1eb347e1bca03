// Clients that do wrong, or are slow, or far away.
import { randomInt } from 'node:crypto';
import { type Case, SPECIFICATION } from '../case.js';
import { CaseFailure } from '../failure.js';
import * as messages from '../messages.js';
import type { ServerRun } from '../server-run.js';
import type { Trial } from '../trial.js';

const side = 'server';
const READ_PATIENCE_MS = 3000;
const ROUGH_CLIENTS = 20;

export const serverRoughCases: readonly Case[] = [
  {
    name: 'server-recv-short',
    side,
    title: 'A message comes in small pieces, each of which is received before the next is sent.',
    specification: SPECIFICATION.calls,
    required: true,
    partners: false,
    run: pieces,
  },
  {
    name: 'server-reset',
    side,
    title:
      'Clients reset their connections: at once, in the middle of a message, and with much that is not read. The next client must be served.',
    specification: SPECIFICATION.errors,
    required: true,
    partners: false,
    run: resets,
  },
  {
    name: 'server-survives',
    side,
    title: `${ROUGH_CLIENTS} clients leave without a word, in the middle of a message, or with rubbish. The next client must be served.`,
    specification: SPECIFICATION.errors,
    required: true,
    partners: false,
    run: rough,
  },
];

async function pieces(trial: Trial): Promise<void> {
  const server = await trial.server();
  const message = messages.binary(8000);
  const peer = await trial.connect(server.port);
  for (let at = 0; at < message.length;) {
    // Many single bytes first, then more.
    const size = at < 30 ? 1 : randomInt(1, 800);
    const sent = await peer.send(message.subarray(at, at + size)).then(
      () => true,
      () => false,
    );
    const before = at;
    at += size;
    if (!sent || !(await peer.read(READ_PATIENCE_MS))) {
      await server.quiet();
      server.expectAlive('in the middle of a message');
      throw new CaseFailure(
        `${server.name} stopped receiving after ${before} bytes, although the client had not ended its message. A recv() returns what is there, which may be one byte; only 0 is the end.`,
      );
    }
  }
  peer.end();
  await server.expectPrinted(message);
}

async function resets(trial: Trial): Promise<void> {
  const server = await trial.server();
  const atOnce = await trial.connect(server.port);
  atOnce.reset();
  await expectNext(trial, server, 'a client that reset its connection at once');
  const middle = await trial.connect(server.port);
  await middle.send('abc');
  await middle.read(READ_PATIENCE_MS);
  middle.reset();
  await expectNext(trial, server, 'a client that reset its connection in the middle of a message');
  const unread = await trial.connect(server.port);
  await unread.send(messages.binary(100_000));
  unread.reset();
  await expectNext(trial, server, 'a client that reset its connection with much that was not read');
}

async function rough(trial: Trial): Promise<void> {
  const server = await trial.server();
  for (let client = 0; client < ROUGH_CLIENTS; client++) {
    const peer = await trial.connect(server.port);
    if (client % 4 === 1) await peer.send(messages.binary(client * 500));
    if (client % 4 === 2) peer.end();
    if (client % 4 === 3) {
      await peer.send('GET / HTTP/1.1\r\n\r\n');
      await peer.read(READ_PATIENCE_MS);
    }
    peer.close();
    server.expectAlive('after a client that left');
  }
  await expectNext(trial, server, 'clients that left');
}

async function expectNext(trial: Trial, server: ServerRun, whom: string): Promise<void> {
  const message = messages.short();
  const peer = await trial.connect(server.port).catch(() => null);
  try {
    await peer?.send(message);
    peer?.end();
  } catch {
    // That it is not served is what is looked at.
  }
  if (await server.printedPart(message)) return;
  server.expectAlive(`after ${whom}`);
  throw new CaseFailure(
    `After ${whom}, ${server.name.toLowerCase()} still runs, but the next client's message is not printed. An error of one connection is no reason to stop serving: close it and go on.`,
    server.program.evidence(),
  );
}
