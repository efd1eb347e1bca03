import { binding } from './binding.js';
import { SocketError } from './errors.js';
import { valueError } from './validate.js';

/** A descriptor that a service manager has opened for this process. */
export interface ListenFd {
  /** Yours to close; close-on-exec by now. `Socket.fromFd(fd)` or `server.listen({ fd })` takes it. */
  fd: number;
  /** `FileDescriptorName=` of the socket unit; `unknown` where there is none. */
  name: string;
}

/** SD_LISTEN_FDS_START */
const FIRST = 3;
const MOST = 65536;

/**
 * `sd_listen_fds_with_names(1, &names)`
 *
 * The sockets that systemd (or another program with that protocol) has opened for this process, by the
 * variables LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; none where they are not there or meant for
 * another process. The variables are taken away, so that this process's children do not take the
 * sockets for theirs, and a second call gives none. See sd_listen_fds(3).
 *
 * @throws {TypeError} ERR_INVALID_ARG_VALUE (LISTEN_FDS is no number).
 * @throws {SocketError} EBADF (fewer descriptors are open than were announced).
 */
export function listenFds(): ListenFd[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = process.env;
  if (LISTEN_PID !== String(process.pid) || LISTEN_FDS === undefined) return [];
  const count = /^\d{1,5}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : MOST + 1;
  if (count > MOST) throw valueError('LISTEN_FDS', LISTEN_FDS, 'must be a number of descriptors');
  const names = LISTEN_FDNAMES.split(':');
  const found = Array.from({ length: count }, (_, index) => {
    const fd = FIRST + index;
    const result = binding.setCloseOnExec(fd);
    if (result < 0) throw new SocketError('fcntl', result);
    const name = names[index];
    return { fd, name: name === undefined || name === '' ? 'unknown' : name };
  });
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) {
    Reflect.deleteProperty(process.env, name);
  }
  return found;
}
