import { constants } from './constants.js';
import { errorCode, SocketError } from './errors.js';
import * as sys from './sys.js';
import { bytesOf, checkFd, type Data } from './validate.js';

/**
 * `send(fd, data, length, MSG_NOSIGNAL)`, as often as it takes
 *
 * A send() may take less than it was given: the rest is sent again. One that a signal interrupted is
 * repeated, and on a non-blocking socket it waits for room with poll(). Returns when the system has
 * taken all of it, which does not mean that the peer has.
 *
 * @param data Bytes, or text that goes as UTF-8. Without bytes, nothing is sent.
 * @throws {SocketError} as send() does; `bytesTransferred` tells how many bytes went before.
 */
export function sendAll(fd: number, data: Data | string): void {
  checkFd(fd);
  const bytes = typeof data === 'string' ? Buffer.from(data) : bytesOf('data', data);
  let sent = 0;
  while (sent < bytes.length) {
    const result = sys.trySend(fd, bytes.subarray(sent));
    if (result >= 0) sent += result;
    else if (errorCode(result) === 'EAGAIN') waitForRoom(fd, sent);
    else if (errorCode(result) !== 'EINTR') {
      throw new SocketError('send', result, { bytesTransferred: sent });
    }
  }
}

/** Also ends where the socket has failed; the next send() tells how. */
function waitForRoom(fd: number, sent: number): void {
  try {
    sys.poll([{ fd, events: constants.POLLOUT }]);
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    if (error.code === 'EINTR') return;
    throw new SocketError(error.syscall, error.errno, { bytesTransferred: sent });
  }
}
