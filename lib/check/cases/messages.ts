// One message through one client and one server: for each kind of message a case of either side.
import type { Case } from '../case.js';
import { SPECIFICATION } from '../case.js';
import { CaseFailure, excerpt } from '../failure.js';
import * as messages from '../messages.js';
import { describeEnd } from '../program.js';
import type { ServerRun } from '../server-run.js';
import type { Trial } from '../trial.js';

interface Kind {
  name: string;
  what: string;
  make: () => Buffer;
  isHeavy?: true;
}

const KINDS: readonly Kind[] = [
  { name: 'short', what: 'a short line', make: messages.short },
  { name: 'empty', what: 'an empty message', make: () => Buffer.alloc(0) },
  { name: 'one-byte', what: 'a message of one byte', make: () => Buffer.from('x') },
  {
    name: 'no-newline',
    what: 'text whose last line has no newline at its end',
    make: () => Buffer.from(`first line\nsecond line, ${messages.letters(20).toString()}`),
  },
  {
    name: 'crlf-bom',
    what: 'a Windows text: CR LF at the ends of lines, a byte-order mark at the start',
    make: messages.crlfWithBom,
  },
  { name: 'utf8', what: 'text in many scripts, encoded as UTF-8', make: messages.utf8 },
  { name: 'nul', what: 'a message with NUL bytes in it', make: messages.withNuls },
  { name: 'all-bytes', what: 'each of the 256 bytes', make: messages.allBytes },
  { name: 'random', what: 'random bytes', make: () => messages.binary(20_000) },
  {
    name: '100kb',
    what: '100,000 letters and digits',
    make: () => messages.lettersAndDigits(100_000),
  },
  {
    name: '100mb',
    what: 'random bytes, 100 MB of them',
    make: () => messages.long(100_000_000),
    isHeavy: true,
  },
];

export const messageCases: readonly Case[] = KINDS.flatMap((kind): Case[] => [
  {
    name: `server-${kind.name}`,
    side: 'server',
    title: `A client sends ${kind.what}; the server prints exactly that.`,
    specification: SPECIFICATION.print,
    required: true,
    partners: true,
    ...(kind.isHeavy === true ? { isHeavy: true } : {}),
    run: (trial) => throughServer(trial, kind.make()),
  },
  {
    name: `client-${kind.name}`,
    side: 'client',
    title: `The client is given ${kind.what}; exactly that arrives.`,
    specification: kind.name === '100mb' ? SPECIFICATION.chunks : SPECIFICATION.send,
    required: true,
    partners: true,
    ...(kind.isHeavy === true ? { isHeavy: true } : {}),
    run: (trial) => throughClient(trial, kind.make()),
  },
]);

async function throughServer(trial: Trial, message: Buffer): Promise<void> {
  const server = await trial.server();
  if (message.length === 0) await afterNothing(trial, server);
  // An empty message shows nothing: what shows is that the next one is printed as it is.
  const expected = message.length === 0 ? messages.short() : message;
  const client = trial.client(server.port, expected);
  const { program } = client;
  try {
    await server.expectPrinted(expected, { beside: [program] });
  } catch (error) {
    if (!(error instanceof CaseFailure) || program.end === null || program.end.code === 0) {
      throw error;
    }
    const said = excerpt(`What ${program.title} said`, program.errors);
    const how = `${program.title} ${describeEnd(program.end)}`;
    throw new CaseFailure(
      `${error.message} And ${how}: the connection was not closed in good order.`,
      [...error.evidence, ...said],
    );
  }
}

async function afterNothing(trial: Trial, server: ServerRun): Promise<void> {
  const client = trial.client(server.port, Buffer.alloc(0));
  await client.ended(() => server.program.size, [server.program]);
  server.expectAlive('after a client that sent nothing');
}

async function throughClient(trial: Trial, message: Buffer): Promise<void> {
  const server = await trial.server();
  const client = trial.client(server.port, message);
  const { program } = client;
  await client.ended(() => server.program.size, [server.program]);
  try {
    await server.expectPrinted(message, { who: 'Your client sent', beside: [program] });
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    const { end, violation } = program;
    const state =
      end === null
        ? 'Your client is still running: it has neither ended its message (shutdown, close) nor exited.'
        : end.code === 0
          ? ''
          : `Your client ${describeEnd(end)}.`;
    const text = [error.message, state, violation].filter((part) => part !== '').join(' ');
    throw new CaseFailure(text, [...error.evidence, ...program.evidence()]);
  }
}
