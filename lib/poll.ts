import { binding } from './binding.js';
import { SocketError } from './errors.js';
import { checkFd, checkInteger, checkObject, numberError, typeError } from './validate.js';

/** A descriptor to wait for. */
export interface PollRequest {
  fd: number;
  /** POLLIN, POLLOUT, POLLPRI, ... added up; 0 waits for an error or a hang-up alone. */
  events: number;
}

export interface PollResult extends PollRequest {
  /** What is there: of `events`, and POLLERR, POLLHUP and POLLNVAL (not open) unasked. */
  revents: number;
}

const INT16_MAX = 32767;
const INT32_MAX = 2 ** 31 - 1;
/** As many descriptors as Linux lets a process have unless it is told otherwise (fs.nr_open). */
const MOST = 2 ** 20;

/**
 * `poll(fds, count, timeoutMs)`
 *
 * A raw blocking call is one system call: it delays worker termination and JavaScript signal
 * listeners until it returns.
 *
 * @param fds The same descriptor may be there more than once; an empty list only waits.
 * @param timeoutMs -1 waits for ever, 0 not at all.
 * @returns Those of `fds` that are ready, in their order; none where the time ran out.
 * @throws {SocketError} EINTR (a signal came, also where its handler asks for restarts), EINVAL
 * (more descriptors than the process may have). See poll(2).
 */
export function poll(fds: readonly PollRequest[], timeoutMs = -1): PollResult[] {
  const list = readRequests(fds);
  checkInteger('timeoutMs', timeoutMs, -1, INT32_MAX);
  const ready = binding.poll(list, timeoutMs);
  if (ready < 0) throw new SocketError('poll', ready);
  const shorts = new Int16Array(list.buffer);
  const results: PollResult[] = [];
  for (let index = 0; results.length < ready && index * 2 < list.length; index++) {
    const revents = shorts[index * 4 + 3] ?? 0;
    if (revents === 0) continue;
    results.push({ fd: list[index * 2] ?? 0, events: shorts[index * 4 + 2] ?? 0, revents });
  }
  return results;
}

/** A C array of struct pollfd, each an int and two shorts of which the second is filled in. */
function readRequests(fds: unknown): Int32Array {
  if (!Array.isArray(fds)) throw typeError('fds', 'an instance of Array', fds);
  const { length } = fds;
  if (length > MOST) throw numberError('fds.length', length, 0, MOST);
  const list = new Int32Array(length * 2);
  const shorts = new Int16Array(list.buffer);
  for (let index = 0; index < length; index++) {
    const request: unknown = fds[index];
    const name = `fds[${index}]`;
    checkObject(name, request);
    const { fd, events } = request as Record<string, unknown>;
    checkFd(fd, `${name}.fd`);
    checkInteger(`${name}.events`, events, 0, INT16_MAX);
    list[index * 2] = fd;
    shorts[index * 4 + 2] = events;
  }
  return list;
}
