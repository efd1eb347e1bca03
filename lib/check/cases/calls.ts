// System calls that do less than they were asked for, or are interrupted: made to happen by a library
// that is loaded before the program, since a network does it on its bad days only.
import { type Case, SPECIFICATION } from '../case.js';
import { expectSame } from '../compare.js';
import { CaseFailure } from '../failure.js';
import * as messages from '../messages.js';
import { until } from '../pace.js';
import { Gathering } from '../peer.js';
import { describeEnd, type Program } from '../program.js';
import type { Faults } from '../shim.js';
import { Stillness } from '../stillness.js';
import type { Trial } from '../trial.js';
import { WatchedCalls } from '../watched-calls.js';
import { acceptFrom } from './client-end.js';

const PATIENCE_MS = 20_000;
const CLIENT_BYTES = 20_000;
const SERVER_BYTES = 4000;

const SHORT: Faults = { sendBytes: 7 };
const INTERRUPTED: Faults = { sendEintr: 3, sendEagain: 3, waitEintr: 3 };
const SERVER: Faults = {
  acceptEintr: 2,
  recvBytes: 100,
  recvEintr: 3,
  recvEagain: 3,
  waitEintr: 3,
};

export const callCases: readonly Case[] = [
  {
    name: 'client-short-sends',
    side: 'client',
    title: 'Each send() takes 7 bytes of what it is offered; all must arrive.',
    specification: SPECIFICATION.partial,
    required: true,
    partners: false,
    run: (trial) => client(trial, SHORT),
  },
  {
    name: 'client-interrupted',
    side: 'client',
    title:
      'Every third send() is interrupted (EINTR; EAGAIN where the socket does not block) before it has sent anything; all must arrive.',
    specification: SPECIFICATION.calls,
    required: true,
    partners: false,
    run: (trial) => client(trial, INTERRUPTED),
  },
  {
    name: 'server-interrupted',
    side: 'server',
    title:
      'Calls of accept() and every third recv() are interrupted (EINTR; EAGAIN where the socket does not block), and recv() gives 100 bytes at most; the message must be printed all the same.',
    specification: SPECIFICATION.calls,
    required: true,
    partners: false,
    run: server,
  },
];

async function client(trial: Trial, faults: Faults): Promise<void> {
  const calls = new WatchedCalls(trial, faults);
  const message = messages.binary(CLIENT_BYTES);
  const sink = trial.sink();
  const { program } = trial.client(sink.port, message, { environment: calls.environment });
  try {
    const socket = await acceptFrom(sink, program);
    const gathering = new Gathering(socket);
    const stillness = new Stillness([program]);
    await until(PATIENCE_MS, () => gathering.ended || stillness.isLong(gathering.bytes));
    socket.close();
    await untilEnded(program);
    expectSame('Your client sent', message, gathering.data);
    const { end } = program;
    if (end?.code !== 0) {
      const how = end === null ? 'does not end' : describeEnd(end);
      throw new CaseFailure(`Your client has sent everything, but it ${how}.`, program.evidence());
    }
  } catch (error) {
    throw calls.explain(error, program);
  }
  calls.expectSeen();
}

async function untilEnded(program: Program): Promise<void> {
  const stillness = new Stillness([program]);
  await until(PATIENCE_MS, () => program.end !== null || stillness.isLong(0));
}

async function server(trial: Trial): Promise<void> {
  const calls = new WatchedCalls(trial, SERVER);
  let program: Program | null = null;
  try {
    const started = await trial.server({ environment: calls.environment });
    program = started.program;
    const message = messages.binary(SERVER_BYTES);
    const peer = await trial.connect(started.port).catch(() => null);
    if (peer === null) {
      await untilEnded(program);
      started.expectAlive('when a call of it was interrupted');
      throw new CaseFailure('Your server does not take connections.');
    }
    try {
      await peer.send(message);
      peer.end();
    } catch {
      // A server that has closed too early shows by what it prints.
    }
    await started.expectPrinted(message);
  } catch (error) {
    throw calls.explain(error, program);
  }
  calls.expectSeen();
}
