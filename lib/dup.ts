import { binding } from './binding.js';
import { SocketError } from './errors.js';
import { checkFd } from './validate.js';

/**
 * `fcntl(fd, F_DUPFD_CLOEXEC, 0)`
 *
 * @returns Another descriptor of the same socket, close-on-exec, yours to close. The socket is closed
 * when all its descriptors are; its flags, such as O_NONBLOCK, are shared by them.
 * @throws {SocketError} EBADF, EMFILE. See fcntl(2), dup(2).
 */
export function dup(fd: number): number {
  checkFd(fd);
  const copy = binding.dup(fd);
  if (copy < 0) throw new SocketError('fcntl', copy);
  return copy;
}
