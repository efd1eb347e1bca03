// From a host and a port to a connected descriptor.
import { errorCode } from '../errors.js';
import * as sys from '../sys.js';
import { lazy } from './lazy.js';
import { endpoint, errorText, Failure, failureText } from './report.js';

const { AF_INET, SOCK_STREAM, SOL_SOCKET, SO_ERROR } = sys.constants;

export interface Connection {
  fd: number;
  /** `127.0.0.1:5000` */
  where: string;
}

interface Candidate {
  family: number;
  address: sys.IpAddressInput;
}

interface Refused {
  syscall: string;
  where: string;
  code: string;
}

/**
 * Tries each of the host's addresses in turn.
 * @param timeoutMs the longest wait for one address; null = as long as the system waits
 * @throws Failure the last address's error, naming all that were tried
 */
export function connect(host: string, port: number, timeoutMs: number | null): Connection {
  const refused: Refused[] = [];
  for (const candidate of resolve(host, port)) {
    const where = endpoint(candidate.address.address, port);
    const attempt = connectOne(candidate, timeoutMs);
    if (attempt.code === undefined) return { fd: attempt.fd, where };
    refused.push({ syscall: attempt.syscall, where, code: attempt.code });
  }
  const last = refused.pop();
  if (last === undefined) throw new Failure(`getaddrinfo ${host}: ${errorText('ENODATA')}`);
  const before = refused.map(({ where, code }) => `${where} (${code})`);
  const tried = before.length === 0 ? '' : `, after ${before.join(' and ')}`;
  throw new Failure(
    failureText(last.syscall, last.where, last.code) +
      tried +
      lazy.remedies().remedy({ syscall: last.syscall, code: last.code, port }),
  );
}

function connectOne(
  { family, address }: Candidate,
  timeoutMs: number | null,
): { fd: number; code?: undefined } | { syscall: string; code: string } {
  let fd: number;
  try {
    fd = sys.socket(family, SOCK_STREAM);
  } catch (error) {
    return { syscall: 'socket', code: codeOf(error) };
  }
  if (timeoutMs !== null) sys.setNonblocking(fd, true);
  let code = refusal(sys.tryConnect(fd, address));
  // A connect that a signal interrupted goes on by itself, as a non-blocking one does; calling it
  // again would say EALREADY.
  if (code === 'EINTR' || code === 'EINPROGRESS') {
    const done = lazy.wait().waitWritable(fd, timeoutMs ?? -1);
    code = done ? refusal(-sys.getsockopt(fd, SOL_SOCKET, SO_ERROR)) : 'ETIMEDOUT';
  }
  if (code !== null) {
    sys.close(fd);
    return { syscall: 'connect', code };
  }
  if (timeoutMs !== null) sys.setNonblocking(fd, false);
  return { fd };
}

function refusal(result: number): string | null {
  return result < 0 ? errorCode(result) : null;
}

function resolve(host: string, port: number): Candidate[] {
  // A literal needs no look-up, which would read the resolver's configuration.
  if (isIpv4(host)) return [{ family: AF_INET, address: { address: host, port } }];
  try {
    return sys
      .getaddrinfo(host, port, { type: SOCK_STREAM })
      .flatMap(({ family, address }) => (address.port === undefined ? [] : [{ family, address }]));
  } catch (error) {
    const code = codeOf(error);
    const why = lazy.remedies().remedy({ syscall: 'getaddrinfo', code });
    throw new Failure(failureText('getaddrinfo', host, code) + why);
  }
}

function isIpv4(host: string): boolean {
  const parts = host.split('.');
  return (
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256)
  );
}

function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) throw error;
  return code;
}
