// What the shim has written down (native/shim/log.c): an event in each line, in the order in which
// the calls ended.
import { existsSync, readFileSync } from 'node:fs';

/** How a call ended: its result, or -1 and the name (or number) of the error. */
interface Result {
  result: number;
  error?: string;
  errno?: number;
}

interface Common {
  pid: number;
  tid: number;
  /** CLOCK_MONOTONIC, in microseconds. */
  us: number;
}

interface OnSocket extends Common {
  fd: number;
}

export interface StartEvent extends Common {
  op: 'start';
  /** The executable file; that of an interpreter where the program is a script. */
  program: string;
}

export interface SocketEvent extends Common, Result {
  op: 'socket';
  domain: number;
  type: number;
}

interface WithAddress extends OnSocket, Result {
  address?: string;
  port?: number;
}

export interface BindEvent extends WithAddress {
  op: 'bind';
}

export interface ConnectEvent extends WithAddress {
  op: 'connect';
}

export interface ListenEvent extends OnSocket, Result {
  op: 'listen';
  backlog: number;
}

/** `result` is the new descriptor. */
export interface AcceptEvent extends OnSocket, Result {
  op: 'accept';
  call: string;
  injected?: 'EINTR';
}

export interface OptionEvent extends OnSocket, Result {
  op: 'setsockopt';
  level: number;
  option: number;
  /** The first four bytes as an int, where there are so many. */
  value?: number;
  /** The first sixteen, in hex. */
  bytes: string;
}

interface OfData extends OnSocket, Result {
  /** By which name it was called: `send`, `write`. */
  call: string;
  /** How many calls in this direction came before it on this connection. */
  n: number;
  asked: number;
  flags: number;
  /** What of it is the shim's doing. */
  injected?: 'short' | 'EINTR' | 'EAGAIN';
}

export interface SendEvent extends OfData {
  op: 'send';
  /** The first sixteen bytes that were offered, in hex; fewer where there are no more. */
  head?: string;
  /** The first sixteen bytes of those that were not taken. */
  rest?: string;
  /** Bytes that had been read from standard input by then, where that can be told. */
  stdin?: number;
}

export interface RecvEvent extends OfData {
  op: 'recv';
}

export interface WaitEvent extends Common, Result {
  op: 'wait';
  call: string;
  injected: 'EINTR';
}

export interface ShutdownEvent extends OnSocket, Result {
  op: 'shutdown';
  how: number;
  sent: number;
}

/** Written before the call is made. */
export interface CloseEvent extends OnSocket {
  op: 'close';
  sent: number;
  received: number;
  /** Bytes that had arrived and were not received: they make the close a reset. */
  unread: number;
}

export interface ThreadEvent extends Common, Result {
  op: 'thread';
}

export interface ExitEvent extends Common {
  op: 'exit';
  status: number;
}

/** The log is as large as it may become; nothing was written down after this. */
export interface FullEvent {
  op: 'full';
}

export type ShimEvent =
  | StartEvent
  | SocketEvent
  | BindEvent
  | ConnectEvent
  | ListenEvent
  | AcceptEvent
  | OptionEvent
  | SendEvent
  | RecvEvent
  | WaitEvent
  | ShutdownEvent
  | CloseEvent
  | ThreadEvent
  | ExitEvent
  | FullEvent;

export type EventOf<Op extends ShimEvent['op']> = Extract<ShimEvent, { op: Op }>;

/** Reads the log; a program that is still running may go on writing. */
export function readShimLog(file: string): ShimEvent[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'latin1').split('\n').flatMap(parse);
}

/** A graded program can write anything into its own log; what is no event is passed over. */
function parse(line: string): ShimEvent[] {
  if (!line.startsWith('{')) return [];
  try {
    const event = JSON.parse(line) as ShimEvent;
    return [event];
  } catch {
    return [];
  }
}

export function eventsOf<Op extends ShimEvent['op']>(
  events: readonly ShimEvent[],
  op: Op,
): EventOf<Op>[] {
  return events.filter((event): event is EventOf<Op> => event.op === op);
}

/** Whether the program was seen at all: `false` says that the shim was not loaded into it. */
export function wasSeen(events: readonly ShimEvent[]): boolean {
  return events.some(({ op }) => op === 'socket');
}

/** What a connection's events can be. */
export type ConnectionEvent = SendEvent | RecvEvent | ShutdownEvent | CloseEvent | OptionEvent;

/** What happened on one descriptor, from its opening to its close. */
export interface Connection {
  pid: number;
  fd: number;
  accepted: boolean;
  events: ConnectionEvent[];
}

/** The events of each connection, in their order. A forked child has its own. */
export function connections(events: readonly ShimEvent[]): Connection[] {
  const open = new Map<string, Connection>();
  const all: Connection[] = [];
  const begin = (pid: number, fd: number, accepted: boolean): Connection => {
    const connection: Connection = { pid, fd, accepted, events: [] };
    open.set(`${pid} ${fd}`, connection);
    all.push(connection);
    return connection;
  };
  for (const event of events) {
    if (event.op === 'socket' || event.op === 'accept') {
      if (event.result >= 0) begin(event.pid, event.result, event.op === 'accept');
    } else if (isOfConnection(event)) {
      const key = `${event.pid} ${event.fd}`;
      (open.get(key) ?? begin(event.pid, event.fd, false)).events.push(event);
      if (event.op === 'close') open.delete(key);
    }
  }
  return all;
}

const OF_CONNECTION = new Set<string>(['send', 'recv', 'shutdown', 'close', 'setsockopt']);

function isOfConnection(event: ShimEvent): event is ConnectionEvent {
  return OF_CONNECTION.has(event.op);
}
