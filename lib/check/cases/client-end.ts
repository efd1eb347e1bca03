// How a client begins and ends: its arguments, refused connections, its exit status.
import { type Case, SPECIFICATION } from '../case.js';
import { CaseFailure } from '../failure.js';
import { Gathering, type Sink } from '../peer.js';
import * as messages from '../messages.js';
import { until } from '../pace.js';
import { freePort } from '../ports.js';
import { describeEnd, type End, type Program } from '../program.js';
import { expectRefusal } from '../refused.js';
import { Stillness } from '../stillness.js';
import type { Trial } from '../trial.js';
import { constants } from '../../constants.js';
import type { Socket } from '../../promises/socket.js';

const side = 'client';
const host = '127.0.0.1';
const PATIENCE_MS = 20_000;
/** For a program that is busy and does not end. */
const END_PATIENCE_MS = 6000;
/** More than both kernels hold. */
const LONG_BYTES = 40_000_000;
const BEFORE_RESET_BYTES = 100_000;

const GOES_ON =
  'The server has reset the connection, but your client goes on: look at what send() returns; -1 means that nothing will be sent any more.';

const plain = { side, required: true, partners: false } as const;

export const clientEndCases: readonly Case[] = [
  {
    ...plain,
    name: 'client-usage',
    title:
      'The client is started without arguments, and with the host alone; it must exit with a status other than 0.',
    specification: SPECIFICATION.usage,
    run: async (trial) => {
      await expectRefusal(trial.clientProgram({}), 'without arguments');
      await expectRefusal(trial.clientProgram({ host }), 'without a port');
    },
  },
  {
    ...plain,
    name: 'client-bad-port',
    title:
      'The client is given ports that are none (abc, -1); it must exit with a status other than 0.',
    specification: SPECIFICATION.address,
    run: async (trial) => {
      await expectRefusal(trial.clientProgram({ host, port: 'abc' }), 'with the port "abc"');
      await expectRefusal(trial.clientProgram({ host, port: '-1' }), 'with the port "-1"');
    },
  },
  {
    ...plain,
    name: 'client-bad-host',
    title:
      'The client is given an address that is none (256.256.256.256); it must exit with a status other than 0.',
    specification: SPECIFICATION.address,
    run: async (trial) => {
      const bad = { host: '256.256.256.256', port: freePort() };
      await expectRefusal(trial.clientProgram(bad), `with the address "${bad.host}"`);
    },
  },
  {
    ...plain,
    name: 'client-refused',
    title: 'Nobody listens on the port; the client must exit with a status other than 0.',
    specification: SPECIFICATION.exit,
    run: refused,
  },
  {
    ...plain,
    name: 'client-exit',
    title:
      'The server receives the message and closes the connection; the client must exit by itself, with status 0.',
    specification: SPECIFICATION.exit,
    run: exits,
  },
  {
    ...plain,
    name: 'client-reset',
    title:
      'The server resets the connection in the middle of a long message; the client must end, with a status other than 0.',
    specification: SPECIFICATION.exit,
    run: async (trial) => {
      await reset(trial);
    },
  },
  {
    ...plain,
    name: 'client-gone',
    required: false,
    title:
      'The server closes and then resets the connection in the middle of a long message; the client must exit by itself, and not be killed by SIGPIPE.',
    specification: SPECIFICATION.exit,
    run: gone,
  },
];

async function refused(trial: Trial): Promise<void> {
  const { program } = trial.client(freePort(), messages.short());
  await expectRefusal(program, 'while nobody listened on the port');
}

/** The client's connection; a client that makes none has failed. */
export async function acceptFrom(sink: Sink, program: Program): Promise<Socket> {
  const accepted: Socket[] = [];
  const accepting = sink.accept().then(
    (socket) => accepted.push(socket),
    () => 0,
  );
  const stillness = new Stillness([program]);
  await until(PATIENCE_MS, () => {
    return accepted.length > 0 || program.end !== null || stillness.isLong(0);
  });
  if (program.end !== null) {
    // It may have connected and ended between two looks.
    await Promise.race([accepting, until(500, () => accepted.length > 0)]);
  }
  const [socket] = accepted;
  if (socket !== undefined) return socket;
  const state = program.end === null ? 'does not connect' : describeEnd(program.end);
  throw new CaseFailure(
    `Your client ${state}: it was given the address ${host} and the port ${sink.port}, where a server listens, and did not connect to it.`,
    program.evidence(),
  );
}

async function exits(trial: Trial): Promise<void> {
  const sink = trial.sink();
  const message = messages.short();
  const { program } = trial.client(sink.port, message);
  const socket = await acceptFrom(sink, program);
  const gathering = new Gathering(socket);
  const stillness = new Stillness([program]);
  await until(PATIENCE_MS, () => gathering.ended || stillness.isLong(gathering.bytes));
  if (!gathering.ended) {
    const all =
      gathering.bytes >= message.length ? 'sent all of its message' : 'not sent its message';
    throw new CaseFailure(
      `Your client has ${all}, but it does not end it: standard input has ended, so call shutdown() or close(), and exit.`,
      program.evidence(),
    );
  }
  socket.close();
  const end = await endOf(program);
  if (end === null) {
    throw new CaseFailure(
      'Your client has sent its message, and the server has closed the connection, but the client does not exit.',
      program.evidence(),
    );
  }
  if (end.code === 0) return;
  throw new CaseFailure(
    `Your client has sent its message, and nothing went wrong, but it ${describeEnd(end)}. Success is status 0.`,
    program.evidence(),
  );
}

async function reset(trial: Trial, first?: (socket: Socket) => void): Promise<Program> {
  const sink = trial.sink();
  const { program } = trial.client(sink.port, messages.long(LONG_BYTES));
  const socket = await acceptFrom(sink, program);
  let bytes = 0;
  for await (const chunk of socket.chunks()) {
    bytes += chunk.length;
    if (bytes >= BEFORE_RESET_BYTES) break;
  }
  if (bytes < BEFORE_RESET_BYTES) {
    throw new CaseFailure(
      `Your client ended its message after ${bytes} of ${LONG_BYTES} bytes.`,
      program.evidence(),
    );
  }
  first?.(socket);
  socket.setOption('linger', { on: true, seconds: 0 });
  socket.close();
  const end = await endOf(program);
  if (end === null) {
    throw new CaseFailure(GOES_ON, program.evidence());
  }
  if (program.violation !== '') {
    throw new CaseFailure(`${GOES_ON} ${program.violation}`, program.evidence());
  }
  if (end.code !== 0) return program;
  throw new CaseFailure(
    'The server has reset the connection in the middle of the message, but your client exited with status 0, which means that all is well. When send() fails, say so on stderr and exit with another status.',
    program.evidence(),
  );
}

/** The end of the connection comes first, so that the next send() raises SIGPIPE. */
async function gone(trial: Trial): Promise<void> {
  const program = await reset(trial, (socket) => {
    socket.shutdown(constants.SHUT_WR);
  });
  if (program.end?.signal !== 'SIGPIPE') return;
  throw new CaseFailure(
    'The server was gone, and the next send() killed your client by SIGPIPE, without a word. Pass MSG_NOSIGNAL to send(), or ignore the signal (signal(SIGPIPE, SIG_IGN)): then send() fails with EPIPE, and you can say so and exit with a status other than 0.',
    program.evidence(),
  );
}

async function endOf(program: Program): Promise<End | null> {
  const stillness = new Stillness([program]);
  await until(END_PATIENCE_MS, () => program.end !== null || stillness.isLong(0));
  return program.end;
}
