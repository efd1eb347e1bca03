import { binding } from './binding.js';
import { SocketError } from './errors.js';
import { checkInt32 } from './validate.js';

/**
 * `socketpair(domain, type, protocol, pair)`
 *
 * @param domain AF_UNIX; few systems have pairs of another family.
 * @param type SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET, with SOCK_NONBLOCK added where that is
 * wanted.
 * @returns Two descriptors that are connected to each other, close-on-exec, yours to close.
 * @throws {SocketError} ENOTSUP (a family without pairs), EMFILE, ENFILE, EPROTONOSUPPORT. See
 * socketpair(2).
 */
export function socketpair(domain: number, type: number, protocol = 0): [number, number] {
  checkInt32('domain', domain);
  checkInt32('type', type);
  checkInt32('protocol', protocol);
  const made = new Int32Array(2);
  const pair: [number, number] = [-1, -1];
  const result = binding.socketpair(domain, type, protocol, made);
  if (result < 0) throw new SocketError('socketpair', result);
  pair[0] = made[0] ?? -1;
  pair[1] = made[1] ?? -1;
  return pair;
}
