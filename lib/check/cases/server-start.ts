// How a server begins: its argument, its port, its queue.
import { type Case, SPECIFICATION } from '../case.js';
import { CaseFailure, CaseSkip } from '../failure.js';
import { Sink } from '../peer.js';
import { listenersOn, TIME_WAIT, tcpTable } from '../proc.js';
import { until } from '../pace.js';
import { listenQueues } from '../sock-diag.js';
import { expectRefusal } from '../refused.js';
import type { Trial } from '../trial.js';
import * as messages from '../messages.js';

const QUEUE = 10;
const PATIENCE_MS = 20_000;

const side = 'server';

export const serverStartCases: readonly Case[] = [
  {
    name: 'server-usage',
    side,
    title:
      'The server is started without a port; it must say so and exit with a status other than 0.',
    specification: SPECIFICATION.usage,
    required: true,
    partners: false,
    run: async (trial) => {
      await expectRefusal(trial.serverProgram({}), 'without an argument');
    },
  },
  {
    name: 'server-bad-port',
    side,
    title:
      'The server is given a port that is none (abc); it must exit with a status other than 0.',
    specification: SPECIFICATION.usage,
    required: false,
    partners: false,
    run: async (trial) => {
      await expectRefusal(trial.serverProgram({ port: 'abc' }), 'with the port "abc"');
    },
  },
  {
    name: 'server-port',
    side,
    title: 'The server is started with one port and then with another; it must listen on each.',
    specification: SPECIFICATION.port,
    required: true,
    partners: false,
    run: async (trial) => {
      const servers = [await trial.server(), await trial.server()];
      for (const server of servers) {
        const message = messages.short();
        const peer = await trial.connect(server.port);
        await peer.send(message);
        peer.end();
        await server.expectPrinted(message);
      }
    },
  },
  {
    name: 'server-port-taken',
    side,
    title:
      'The server is given a port that another program listens on; it must exit with a status other than 0.',
    specification: SPECIFICATION.port,
    required: false,
    partners: false,
    run: async (trial) => {
      const other = new Sink();
      trial.defer(() => {
        other.close();
      });
      await expectRefusal(trial.serverProgram({ port: other.port }), 'on a port that is taken');
    },
  },
  {
    name: 'server-backlog',
    side,
    title: 'The server must pass 10 to listen(); the kernel tells what it passed.',
    specification: SPECIFICATION.queue,
    required: true,
    partners: false,
    run: backlog,
  },
  {
    name: 'server-restart',
    side,
    title:
      'The server is ended while a client is connected, and started again at once on the same port.',
    specification: SPECIFICATION.port,
    required: true,
    partners: false,
    run: restart,
  },
];

async function backlog(trial: Trial): Promise<void> {
  const server = await trial.server();
  const queues = listenQueues(server.port);
  if (queues === null) throw new CaseSkip('The system does not tell how long a queue is.');
  const lengths = queues.map(({ longest }) => longest);
  if (lengths.includes(QUEUE)) return;
  const [length] = lengths;
  throw new CaseFailure(
    length === undefined
      ? 'Your server had stopped listening when the kernel was asked for its queue.'
      : `Your server's queue is ${length} long instead of 10: pass 10 to listen().`,
  );
}

async function restart(trial: Trial): Promise<void> {
  const first = await trial.server();
  const peer = await trial.connect(first.port);
  await peer.send('not finished');
  await peer.read();
  // The server's end closes the connection first, so its side of it lingers in TIME_WAIT, unless it
  // ends by a reset.
  first.program.signal('SIGTERM');
  if ((await first.program.ended()) === null) first.program.signal('SIGKILL');
  await first.program.stop();
  peer.close();
  const { port } = first;
  await until(PATIENCE_MS, () =>
    tcpTable().every((e) => e.localPort !== port || e.state === TIME_WAIT),
  );
  if (listenersOn(port).length > 0) {
    throw new CaseFailure('Something that your server has started listens on, after its end.');
  }
  try {
    const second = await trial.server({ port });
    const message = messages.short();
    const next = await trial.connect(port);
    await next.send(message);
    next.end();
    await second.expectPrinted(message);
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    throw new CaseFailure(
      `When it was started again on the same port: ${error.message} Connections of its former life keep a port busy for a minute (TIME_WAIT), unless SO_REUSEADDR is set before bind().`,
      error.evidence,
    );
  }
}
