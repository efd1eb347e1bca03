// What a program did wrong, told from its own calls.
import { connections, eventsOf, type Connection } from './shim-log.js';
import type { RecvEvent, SendEvent, ShimEvent } from './shim-log.js';

export type FindingKind =
  | 'rest-dropped'
  | 'rest-repeated'
  | 'send-not-repeated'
  | 'recv-not-repeated'
  | 'accept-not-repeated'
  | 'backlog'
  | 'reset-at-close'
  | 'no-reuse';

export interface Finding {
  kind: FindingKind;
  /** A whole sentence, or two: what was seen, and what to do. */
  sentence: string;
}

export interface FindingOptions {
  /** How sentences begin: `your client`. */
  who: string;
  /** The queue that the specification asks for. */
  backlog?: number;
  /** Whether the program has ended; a call that did not come by then never came. */
  ended: boolean;
}

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_LINGER = 13;

/** One finding of a kind at most, the first. */
export function findings(events: readonly ShimEvent[], options: FindingOptions): Finding[] {
  const isWhole = !events.some(({ op }) => op === 'full');
  const all = [
    ...connections(events).flatMap((connection) => [
      ...ofSends(connection, options, isWhole),
      ...ofEnd(connection, options),
    ]),
    ...ofListener(events, options),
  ];
  return all.filter(({ kind }, index) => all.findIndex((other) => other.kind === kind) === index);
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

function ofSends(
  { events }: Connection,
  { who, ended }: FindingOptions,
  isWhole: boolean,
): Finding[] {
  const sends = events.filter((event): event is SendEvent => event.op === 'send');
  const isOver = events.some(({ op }) => op === 'close' || op === 'shutdown') || ended;
  return sends.flatMap((send, index): Finding[] => {
    const isShort = send.result < send.asked;
    const isFailure = send.result < 0 && send.injected === undefined;
    if (!isShort || isFailure || send.asked === 0) return [];
    const next = sends[index + 1];
    // After many calls not each is written down any more.
    if (next !== undefined && next.n !== send.n + 1) return [];
    if (next === undefined) return isOver && isWhole ? [dropped(send, who, 'then')] : [];
    const wanted = send.result < 0 ? send.head : send.rest;
    if (agree(wanted, next.head) !== false) return [];
    const isAgain = send.result > 0 && agree(send.head, next.head) === true;
    return [isAgain ? repeated(send, who) : dropped(send, who, 'next')];
  });
}

/** Whether one begins the other; null where nothing is known of one of them. */
function agree(a: string | undefined, b: string | undefined): boolean | null {
  const length = Math.min(a?.length ?? 0, b?.length ?? 0);
  return length === 0 ? null : a?.slice(0, length) === b?.slice(0, length);
}

function dropped(send: SendEvent, who: string, when: 'then' | 'next'): Finding {
  const { call, asked, result, error } = send;
  const after = when === 'next' ? ', and the next call already sent what comes after them' : '';
  if (result < 0) {
    return {
      kind: 'send-not-repeated',
      sentence: `${capital(who)} asked ${call}() to send ${bytes(asked)}; it failed with ${error ?? 'an error'}, which means "not now, try again", and they were never sent${after}. ${again(error)}`,
    };
  }
  return {
    kind: 'rest-dropped',
    sentence: `${capital(who)} asked ${call}() to send ${bytes(asked)}, the kernel took ${result}, and the other ${asked - result} were never sent${after}. ${call}() returns how many it took: call it again with the rest until nothing is left.`,
  };
}

function again(error: string | undefined): string {
  return error === 'EINTR'
    ? 'EINTR says that a signal came before anything was done: make the same call again.'
    : 'EAGAIN on a non-blocking socket says that there is no room now: wait (poll, select, an event) and make the same call again.';
}

function repeated({ call, asked, result }: SendEvent, who: string): Finding {
  return {
    kind: 'rest-repeated',
    sentence: `${capital(who)} asked ${call}() to send ${bytes(asked)}, the kernel took ${result}, and the next call began again from the start, so those ${result} were sent twice. Go on after what was taken: ${call}(fd, data + taken, length - taken).`,
  };
}

/** What is closed too early has one reason, and that is the one to tell. */
function ofEnd(connection: Connection, options: FindingOptions): Finding[] {
  const received = ofReceives(connection, options);
  return received.length > 0 ? received : ofClose(connection, options);
}

function ofReceives({ events, accepted }: Connection, { who, ended }: FindingOptions): Finding[] {
  if (!accepted) return [];
  const at = events.findLastIndex(({ op }) => op === 'recv');
  const last = events[at] as RecvEvent | undefined;
  const isOver = events.slice(at + 1).some(({ op }) => op === 'close') || ended;
  if (last?.injected === undefined || last.injected === 'short' || !isOver) return [];
  return [
    {
      kind: 'recv-not-repeated',
      sentence: `${capital(who)} called ${last.call}(), which failed with ${last.injected}, and took that for the end of the message. ${again(last.injected)}`,
    },
  ];
}

function ofClose({ events }: Connection, { who }: FindingOptions): Finding[] {
  const closed = events.find((event) => event.op === 'close');
  if (closed === undefined) return [];
  const linger = events.findLast(
    (event) =>
      event.op === 'setsockopt' && event.level === SOL_SOCKET && event.option === SO_LINGER,
  );
  // struct linger { int on; int seconds; }
  if (linger?.op === 'setsockopt' && /^(?!0{8})[0-9a-f]{8}0{8}/.test(linger.bytes)) {
    return [
      {
        kind: 'reset-at-close',
        sentence: `${capital(who)} sets SO_LINGER with 0 seconds, which makes close() throw away what has not been delivered yet and reset the connection. Leave SO_LINGER alone.`,
      },
    ];
  }
  if (closed.unread === 0) return [];
  return [
    {
      kind: 'reset-at-close',
      sentence: `${capital(who)} closes a connection from which ${bytes(closed.unread)} had arrived that it has not received, and the kernel then resets it. Receive until recv() returns 0, and close after that.`,
    },
  ];
}

function ofListener(events: readonly ShimEvent[], options: FindingOptions): Finding[] {
  const { who, backlog, ended } = options;
  const listens = eventsOf(events, 'listen').filter(({ result }) => result === 0);
  const found: Finding[] = [];
  const other = listens.find((event) => event.backlog !== backlog);
  if (backlog !== undefined && other !== undefined) {
    found.push({
      kind: 'backlog',
      sentence: `${capital(who)} called listen() with a queue of ${other.backlog}; the specification asks for ${backlog}.`,
    });
  }
  const accepts = eventsOf(events, 'accept');
  const last = accepts.at(-1);
  if (last?.injected !== undefined && ended) {
    found.push({
      kind: 'accept-not-repeated',
      sentence: `${capital(who)} called accept(), which failed with EINTR, and gave up. ${again('EINTR')}`,
    });
  }
  const reuses = eventsOf(events, 'setsockopt').some(
    ({ level, option, value }) => level === SOL_SOCKET && option === SO_REUSEADDR && value !== 0,
  );
  if (listens.length > 0 && !reuses) {
    found.push({
      kind: 'no-reuse',
      sentence: `${capital(who)} does not set SO_REUSEADDR, so that it cannot have its port back for a minute after it has ended. Set it between socket() and bind().`,
    });
  }
  return found;
}

/** Backlogs that were asked for, in their order. */
export function backlogs(events: readonly ShimEvent[]): number[] {
  return eventsOf(events, 'listen').map(({ backlog }) => backlog);
}

/** How many threads (or processes) have received from clients. */
export function servingThreads(events: readonly ShimEvent[]): number {
  return new Set(eventsOf(events, 'recv').map(({ pid, tid }) => `${pid} ${tid}`)).size;
}

/** How much of its input a client had read when it first sent; null where that cannot be told. */
export function readBeforeSending(events: readonly ShimEvent[]): number | null {
  return eventsOf(events, 'send')[0]?.stdin ?? null;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
