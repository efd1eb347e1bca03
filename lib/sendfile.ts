import { binding } from './binding.js';
import { SocketError } from './errors.js';
import { checkFd, checkInteger } from './validate.js';

/**
 * `sendfile(outFd, inFd, &offset, count)`: from a file to a socket, without a buffer between.
 *
 * @param inFd A file, or whatever else can be mapped; not a socket.
 * @param offset Where in the file to begin; its own position stays as it is. Null begins at that
 * position and moves it.
 * @param count At most 2,147,479,552 bytes go per call.
 * @returns How many bytes went, which can be less than `count`; 0 at the end of the file.
 * @throws {SocketError} EAGAIN (non-blocking, and there is no room), EPIPE (the peer has closed),
 * EINVAL (not a file, or `outFd` is open for appending), EBADF, ENOTCONN. See sendfile(2). The call
 * has no MSG_NOSIGNAL: SIGPIPE is raised too, which Node ignores.
 */
export function sendfile(
  outFd: number,
  inFd: number,
  offset: number | null,
  count: number,
): number {
  checkFd(outFd, 'outFd');
  checkFd(inFd, 'inFd');
  if (offset !== null) checkInteger('offset', offset, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('count', count, 0, Number.MAX_SAFE_INTEGER);
  const sent = binding.sendfile(outFd, inFd, offset ?? -1, count);
  if (sent < 0) throw new SocketError('sendfile', sent);
  return sent;
}
