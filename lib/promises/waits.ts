// The readiness thread, from JavaScript: one question, one answer.
import { binding, type NativeReadiness } from '../binding.js';
import { SocketError } from '../errors.js';

type Answer = (revents: number) => void;

const BATCH = 256;
const pairs = new Float64Array(2 * BATCH);
// By token and not by descriptor: an answer that is late finds nobody, and never somebody else.
const asked = new Map<number, Answer>();
let lastToken = 0;
let thread: NativeReadiness | null = null;
let byPoll = false;

function start(): NativeReadiness {
  const started = new binding.Readiness();
  const error = started.start(byPoll, () => {
    answer(started);
  });
  if (error < 0) throw new SocketError('pthread_create', error);
  return (thread = started);
}

function answer(from: NativeReadiness): void {
  for (let count = BATCH; count === BATCH;) {
    count = from.take(pairs);
    // A copy, because an answer can lead to another look here.
    for (const [index, token] of pairs.slice(0, 2 * count).entries()) {
      if (index % 2 === 0) settle(token)?.(pairs[index + 1] ?? 0);
    }
  }
}

function settle(token: number): Answer | undefined {
  const found = asked.get(token);
  if (found !== undefined && asked.delete(token) && asked.size === 0) thread?.setRef(false);
  return found;
}

/**
 * Asks to be told once when one of these poll(2) events is there. It keeps the event loop alive.
 * @returns what {@link takeBack} takes
 */
export function ask(fd: number, events: number, tell: Answer): number {
  const to = thread ?? start();
  lastToken += 1;
  const error = to.add(fd, events, lastToken);
  if (error < 0) throw new SocketError('epoll_ctl', error);
  asked.set(lastToken, tell);
  if (asked.size === 1) to.setRef(true);
  return lastToken;
}

/** The question is not of interest any more. */
export function takeBack(fd: number, token: number): void {
  if (settle(token) !== undefined) thread?.cancel(fd, token);
}

/** To be called before the descriptor is closed or given away, when nobody asks about it any more. */
export function forget(fd: number): void {
  thread?.forget(fd);
}

/** For the tests: poll(2) in place of epoll, from now on. Not while anybody asks. */
export function waitByPoll(on: boolean): void {
  if (asked.size > 0) throw new Error(`${asked.size} questions are open`);
  thread?.stop();
  thread = null;
  byPoll = on;
}

/** For the tests. */
export function openQuestions(): number {
  return asked.size;
}
