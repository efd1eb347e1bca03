import { binding } from '../binding.js';
import { SocketError } from '../errors.js';
import { type AddressInfo, type AddressInfoHints, readAnswer, readQuery } from '../getaddrinfo.js';
import { ETIMEDOUT } from '../readiness.js';
import { follow, unfollow } from './abort.js';
import { abortError, checkWaitOptions, type WaitOptions } from './operation.js';

/** A slow name server must not make a thread of each call; the others wait for their turn. */
const MOST_THREADS = 8;
let threads = 0;
const waiting = new Set<() => void>();

// A lookup does not keep the program alive, since nothing can end it; that somebody wants to know
// does. A timer is what does so everywhere.
let wanted = 0;
let alive: NodeJS.Timeout | undefined;
const LONGEST_MS = 2 ** 31 - 1;

/**
 * `getaddrinfo(host, service, &hints, &list)`, on a thread of its own
 *
 * Nothing can end a lookup in the system: one that was aborted or has timed out goes on unheard, on one
 * of eight threads. It keeps neither the program nor a worker from ending.
 *
 * @param host A name or an IP literal; null with AI_PASSIVE is any address, and else the loopback.
 * @param service A port, or the name of one: `http`. Null is port 0.
 * @throws {SocketError} ENOTFOUND, EAI_AGAIN (no name server answers), EAI_FAMILY, EAI_SERVICE,
 * ETIMEDOUT, ... The name is in `hostname`. See getaddrinfo(3).
 */
export async function getaddrinfo(
  host: string | null,
  service: string | number | null = null,
  hints: AddressInfoHints & WaitOptions = {},
): Promise<AddressInfo[]> {
  const query = readQuery(host, service, hints);
  checkWaitOptions(hints);
  const { signal, timeoutMs = 0 } = hints;
  if (signal?.aborted === true) throw abortError(signal.reason);
  const answer = await new Promise<Answer>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(timer);
      if (signal !== undefined) unfollow(signal, onAbort);
      unwant();
    };
    const giveUp = (error: Error) => {
      end();
      takeBack();
      reject(error);
    };
    const onAbort = () => {
      giveUp(abortError(signal?.reason));
    };
    want();
    if (timeoutMs > 0) {
      timer = setTimeout(() => {
        giveUp(new SocketError('getaddrinfo', ETIMEDOUT, host === null ? {} : { hostname: host }));
      }, timeoutMs);
    }
    if (signal !== undefined) follow(signal, onAbort);
    const takeBack = lookUp(query, (result) => {
      end();
      resolve(result);
    });
  });
  return readAnswer(host, answer);
}

type Query = ReturnType<typeof readQuery>;
type Answer = Parameters<typeof readAnswer>[1];

/** @returns what makes sure that `done` is not called any more, nor the lookup begun */
function lookUp(query: Query, done: (answer: Answer) => void): () => void {
  let isWanted = true;
  const begin = () => {
    threads += 1;
    const ended = (answer: Answer) => {
      threads -= 1;
      for (const next of waiting) {
        waiting.delete(next);
        next();
        break;
      }
      if (isWanted) done(answer);
    };
    const error = binding.lookup(...query, ended);
    if (error < 0) ended(error);
  };
  if (threads < MOST_THREADS) begin();
  else waiting.add(begin);
  return () => {
    isWanted = false;
    waiting.delete(begin);
  };
}

function want(): void {
  wanted += 1;
  alive ??= setInterval(() => undefined, LONGEST_MS);
}

function unwant(): void {
  wanted -= 1;
  if (wanted > 0) return;
  clearInterval(alive);
  alive = undefined;
}
