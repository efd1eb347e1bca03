// When a server prints, and when it ends.
import { type Case, SPECIFICATION } from '../case.js';
import { CaseFailure } from '../failure.js';
import * as messages from '../messages.js';
import { until } from '../pace.js';
import { listenersOn } from '../proc.js';
import type { ServerRun } from '../server-run.js';
import { Stillness } from '../stillness.js';
import type { Trial } from '../trial.js';

const side = 'server';
const PATIENCE_MS = 20_000;
const IDLE_MS = 300;
const IDLE_PATIENCE_MS = 8000;
const ALONE_MS = 1500;

export const serverEndCases: readonly Case[] = [
  {
    name: 'server-flush',
    side,
    title:
      'A message must be printed when its client has ended it, and not only when the server ends.',
    specification: SPECIFICATION.prompt,
    required: true,
    partners: false,
    run: flush,
  },
  {
    name: 'server-stays',
    side,
    title: 'After three clients, and after some time without any, the server must still be there.',
    specification: SPECIFICATION.signal,
    required: true,
    partners: false,
    run: stays,
  },
  {
    name: 'server-idle',
    side,
    title:
      'One client has been served, and another is connected and says nothing; the server must use no processor time.',
    specification: SPECIFICATION.next,
    required: false,
    partners: false,
    run: idle,
  },
  ...(['SIGINT', 'SIGTERM'] as const).map((signal): Case => ({
    name: `server-${signal.toLowerCase()}`,
    side,
    title: `After it has served a client, the server gets ${signal}; it must end, and nothing of the message may be lost.`,
    specification: SPECIFICATION.signal,
    required: true,
    partners: false,
    run: (trial) => endsBy(trial, signal),
  })),
];

async function flush(trial: Trial): Promise<void> {
  const server = await trial.server();
  const message = messages.short();
  const peer = await trial.connect(server.port);
  await peer.send(message);
  peer.end();
  const isRead = await peer.read();
  if ((await server.printed(message.length)) === 0 && isRead) {
    server.expectAlive('while it was serving a client');
    throw new CaseFailure(
      `${server.name} has received the message and waits for the next client, but has printed nothing. Output that goes to a file or a pipe is kept in a buffer: flush it after each message (fflush(stdout), sys.stdout.flush(), System.out.flush()).`,
    );
  }
  await server.expectPrinted(message);
}

async function stays(trial: Trial): Promise<void> {
  const server = await trial.server();
  await serve(trial, server, 3);
  // Nobody comes, and nothing happens, for some time.
  const stillness = new Stillness([server.program]);
  await until(PATIENCE_MS, () => server.program.end !== null || stillness.isLong(0, ALONE_MS));
  server.expectAlive('without a signal, when no client was there');
  if (listenersOn(server.port).length === 0) {
    throw new CaseFailure(`${server.name} still runs, but it does not listen any more.`);
  }
  await serve(trial, server, 1);
}

async function serve(trial: Trial, server: ServerRun, clients: number): Promise<void> {
  for (let client = 0; client < clients; client++) {
    const message = messages.short();
    const before = server.program.size;
    const peer = await trial.connect(server.port);
    await peer.send(message);
    peer.end();
    const printed = await server.printed(before + message.length);
    server.expectAlive('after a client');
    if (printed < before + message.length) {
      throw new CaseFailure(`${server.name} still runs, but it did not serve another client.`);
    }
  }
}

async function idle(trial: Trial): Promise<void> {
  const server = await trial.server();
  await serve(trial, server, 1);
  await trial.connect(server.port);
  const stillness = new Stillness([server.program]);
  const isIdle = await until(IDLE_PATIENCE_MS, () => stillness.isLong(0, IDLE_MS) || null);
  server.expectAlive('while a client was silent');
  if (isIdle === true) return;
  throw new CaseFailure(
    `${server.name} keeps the processor busy while there is nothing to do: it asks again and again. Let accept() and recv() wait: leave the sockets blocking, or use poll() without a time limit.`,
  );
}

async function endsBy(trial: Trial, signal: NodeJS.Signals): Promise<void> {
  const server = await trial.server();
  const message = messages.binary(2000);
  const peer = await trial.connect(server.port);
  await peer.send(message);
  peer.end();
  await server.printed(message.length);
  server.expectAlive('before it got a signal');
  peer.close();
  await server.quiet();
  server.program.signal(signal);
  const stillness = new Stillness([server.program]);
  await until(PATIENCE_MS, () => server.program.end !== null || stillness.isLong(0));
  if (server.program.end === null) {
    throw new CaseFailure(
      `${server.name} got ${signal} and goes on running. A signal from outside must end it: do not ignore it, and do not wait for threads that never end.`,
    );
  }
  await server.expectPrinted(message);
}
