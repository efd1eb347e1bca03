import { binding } from '../binding.js';
import { SocketError } from '../errors.js';
import { type AddressInfo, type AddressInfoHints, readAnswer, readQuery } from '../getaddrinfo.js';
import { ETIMEDOUT } from '../readiness.js';
import { follow, unfollow } from './abort.js';
import { abortError, checkWaitOptions, type WaitOptions } from './operation.js';

/** A slow name server must not make a thread of each call; the others wait for their turn. */
const MOST_THREADS = 8;
let threads = 0;
const waiting: (() => void)[] = [];

/**
 * `getaddrinfo(host, service, &hints, &list)`, on a thread of its own
 *
 * Nothing can end a lookup in the system: one that was aborted or has timed out goes on unheard, and
 * keeps the program alive as long; a worker that is terminated waits for it.
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
    const onAbort = () => {
      end(() => {
        reject(abortError(signal?.reason));
      });
    };
    const end = (how: () => void) => {
      clearTimeout(timer);
      if (signal !== undefined) unfollow(signal, onAbort);
      how();
    };
    const details = host === null ? {} : { hostname: host };
    if (timeoutMs > 0) {
      timer = setTimeout(() => {
        end(() => {
          reject(new SocketError('getaddrinfo', ETIMEDOUT, details));
        });
      }, timeoutMs);
    }
    if (signal !== undefined) follow(signal, onAbort);
    lookUp(query, (result) => {
      end(() => {
        resolve(result);
      });
    });
  });
  return readAnswer(host, answer);
}

type Query = ReturnType<typeof readQuery>;
type Answer = Parameters<typeof readAnswer>[1];

function lookUp(query: Query, done: (answer: Answer) => void): void {
  if (threads === MOST_THREADS) {
    waiting.push(() => {
      lookUp(query, done);
    });
    return;
  }
  threads += 1;
  const ended = (answer: Answer) => {
    threads -= 1;
    waiting.shift()?.();
    done(answer);
  };
  const error = binding.lookup(...query, ended);
  if (error < 0) ended(error);
}
