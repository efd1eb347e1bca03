// How a client sends: as its input comes, with little memory, and all of it.
import { type Case, SPECIFICATION } from '../case.js';
import { expectSame } from '../compare.js';
import { CaseFailure } from '../failure.js';
import * as messages from '../messages.js';
import { until } from '../pace.js';
import { Gathering } from '../peer.js';
import { memoryOf } from '../proc.js';
import { describeEnd, type Program } from '../program.js';
import { Stillness } from '../stillness.js';
import type { Trial } from '../trial.js';
import { acceptFrom } from './client-end.js';

const side = 'client';
const plain = { side, required: true, partners: false } as const;
const PATIENCE_MS = 20_000;
const STREAM_BYTES = 2 ** 20;
const FEW_BYTES = 100;
const BLOCK_BYTES = 4 * 2 ** 20;
const MEMORY_BLOCKS = 256;
/** With so many of them sent, the memory is looked at. */
const LOOK_AFTER = 192;
const MOST_MEMORY = (MEMORY_BLOCKS * BLOCK_BYTES) / 2;
const TAIL_BYTES = 6_000_000;
const PARTIAL_BYTES = 8_000_000;
const SHORT_SENDS = 12;
const STILL_MS = 100;
const WHO = 'Your client sent';

export const clientDataCases: readonly Case[] = [
  {
    ...plain,
    name: 'client-streams',
    title:
      'The client gets 1 MiB of input that has not ended yet; half of it at least must have arrived before the end comes.',
    specification: SPECIFICATION.chunks,
    run: streams,
  },
  {
    ...plain,
    name: 'client-memory',
    title: 'The client sends 1 GiB; it may not keep half of that in memory.',
    specification: SPECIFICATION.chunks,
    run: memory,
  },
  {
    ...plain,
    name: 'client-partial-sends',
    title:
      'The server receives slowly, and the client is stopped and continued meanwhile, so that send() takes only a part of what it is offered; all must arrive.',
    specification: SPECIFICATION.partial,
    run: partialSends,
  },
  {
    ...plain,
    name: 'client-tail',
    title:
      'The server receives only when the client has done all that it can; the end of the message must arrive even if the client has exited by then.',
    specification: SPECIFICATION.send,
    run: tail,
  },
];

async function streams(trial: Trial): Promise<void> {
  const sink = trial.sink();
  const pipe = trial.pipe();
  const { program } = trial.client(sink.port, pipe);
  const message = messages.long(STREAM_BYTES + 777);
  // A few bytes alone: a read() that does not fill its buffer is not the end.
  await pipe.write(message.subarray(0, FEW_BYTES));
  await still(program);
  const writing = pipe.write(message.subarray(FEW_BYTES, STREAM_BYTES));
  const socket = await acceptFrom(sink, program).catch((error: unknown) => {
    if (program.end !== null || !(error instanceof CaseFailure)) throw error;
    throw new CaseFailure(
      'Your client does not connect before its input has ended: it reads everything first. Connect, then read a chunk, send it, read the next.',
    );
  });
  const gathering = new Gathering(socket);
  const stillness = new Stillness([program]);
  await until(PATIENCE_MS, () => {
    return (
      gathering.bytes >= STREAM_BYTES / 2 || gathering.ended || stillness.isLong(gathering.bytes)
    );
  });
  if (gathering.bytes < STREAM_BYTES / 2 && !gathering.ended) {
    throw new CaseFailure(
      `Your client was given ${STREAM_BYTES} bytes, and its input has not ended yet; ${gathering.bytes} of them have arrived. It reads everything first: read a chunk, send it, read the next.`,
    );
  }
  await Promise.race([writing, until(PATIENCE_MS, () => program.end !== null)]);
  await pipe.write(message.subarray(STREAM_BYTES));
  pipe.end();
  await expectAll(program, gathering, message);
}

async function memory(trial: Trial): Promise<void> {
  const sink = trial.sink();
  const pipe = trial.pipe();
  const { program } = trial.client(sink.port, pipe);
  const block = messages.long(BLOCK_BYTES);
  let written = 0;
  const write = async (upTo: number) => {
    for (; written < upTo && program.end === null; written++) await pipe.write(block);
  };
  const state = { over: false };
  const writing = write(LOOK_AFTER).then(() => (state.over = true));
  const untilWritten = async () => {
    const stillness = new Stillness([program]);
    const moved = () => written + program.peakBytes / 2 ** 20;
    while (
      (await until(PATIENCE_MS, () => state.over || stillness.isLong(moved(), 1000))) === null
    );
  };
  const accepting = acceptFrom(sink, program);
  const failed = accepting.then(
    () => null,
    (error: unknown) => error,
  );
  // At first nothing is received, so that a client which does not wait for room takes all it gets.
  await untilWritten();
  let gathering: Gathering | null = null;
  if (!state.over && (await failed) === null) {
    gathering = new Gathering(await accepting, false);
    await untilWritten();
  }
  const peak = Math.max(program.peakBytes, peakOf(program));
  const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  const sent = written * BLOCK_BYTES;
  if (program.violation !== '' || peak > MOST_MEMORY) {
    throw new CaseFailure(
      `Your client had ${mebibytes(peak)} of memory when it had been given ${mebibytes(sent)} of its input: it keeps the message in memory. Read a chunk, send it, and use the same buffer for the next. ${program.violation}`.trim(),
    );
  }
  trial.note('Memory', `${mebibytes(peak)} at most, after ${mebibytes(sent)} of input`);
  const end = gathering ?? new Gathering(await accepting, false);
  await Promise.race([writing.then(() => write(MEMORY_BLOCKS)), end.done]);
  pipe.end();
  await ended(program, end);
  const total = MEMORY_BLOCKS * BLOCK_BYTES;
  if (end.bytes !== total) {
    throw new CaseFailure(`${WHO} ${end.bytes} of ${total} bytes.`, program.evidence());
  }
}

function peakOf(program: Program): number {
  return program.processes.reduce((total, { pid }) => total + memoryOf(pid, 'VmHWM'), 0);
}

/**
 * A send() that waits for room, and that has already taken something, returns what it has taken when
 * its process is stopped and continued: a short count that the kernel itself makes.
 */
async function partialSends(trial: Trial): Promise<void> {
  const sink = trial.sink();
  const message = messages.long(PARTIAL_BYTES + 12_345);
  const { program } = trial.client(sink.port, message);
  const socket = await acceptFrom(sink, program);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const part = Math.floor(message.length / SHORT_SENDS);
  for (let round = 1; round <= SHORT_SENDS; round++) {
    await still(program);
    program.signal('SIGSTOP');
    program.signal('SIGCONT');
    await still(program);
    while (bytes < part * round) {
      const chunk = await socket.recv(65_536);
      if (chunk.length === 0) break;
      chunks.push(chunk);
      bytes += chunk.length;
    }
  }
  const rest = new Gathering(socket);
  await ended(program, rest);
  expectArrived(program, message, Buffer.concat([...chunks, rest.data]));
}

async function tail(trial: Trial): Promise<void> {
  const sink = trial.sink();
  const message = messages.long(TAIL_BYTES);
  const { program } = trial.client(sink.port, message);
  const socket = await acceptFrom(sink, program);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    // It has ended, or waits for room in its kernel.
    await still(program);
    const chunk = await socket.recv(512_000).catch((error: unknown) => error as Error);
    if (chunk instanceof Error) break;
    if (chunk.length === 0) break;
    chunks.push(chunk);
    bytes += chunk.length;
    if (program.end === null && bytes < TAIL_BYTES / 2) continue;
    const rest = new Gathering(socket);
    await ended(program, rest);
    chunks.push(rest.data);
    break;
  }
  expectArrived(program, message, Buffer.concat(chunks));
}

async function still(program: Program): Promise<void> {
  const stillness = new Stillness([program]);
  await until(PATIENCE_MS, () => program.end !== null || stillness.isLong(0, STILL_MS));
}

/** Waits until everything has arrived that ever will. */
async function ended(program: Program, gathering: Gathering): Promise<void> {
  const stillness = new Stillness([program]);
  for (let last = -1; last !== gathering.bytes;) {
    last = gathering.bytes;
    await until(PATIENCE_MS, () => gathering.ended || stillness.isLong(gathering.bytes));
    if (gathering.ended) return;
  }
}

async function expectAll(program: Program, gathering: Gathering, message: Buffer): Promise<void> {
  await ended(program, gathering);
  expectArrived(program, message, gathering.data);
}

function expectArrived(program: Program, message: Buffer, arrived: Buffer): void {
  try {
    expectSame(WHO, message, arrived);
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    const { end, violation } = program;
    const state = end === null ? 'It is still running.' : `It ${describeEnd(end)}.`;
    throw new CaseFailure(
      [error.message, state, violation].filter((part) => part !== '').join(' '),
      [...error.evidence, ...program.evidence()],
    );
  }
}
