// What each method of a socket gives in each state, for both kinds of sockets.
import { constants as c } from 'sockkit';

/** What a call gives: `ok`, or the code of its error. */
export type Outcome = string;

export const OPEN_STATES = [
  ...(['fresh', 'bound', 'listening', 'connecting', 'connected'] as const),
  ...(['shutRead', 'shutWrite', 'shutBoth'] as const),
] as const;
export const STATES = [...OPEN_STATES, 'closed', 'detached'] as const;
export type State = (typeof STATES)[number];

/** The argument of shutdown() for the states that it makes. */
export const SHUT = { shutRead: c.SHUT_RD, shutWrite: c.SHUT_WR, shutBoth: c.SHUT_RDWR };

const OK = 'ok';
const GONE = 'ERR_SOCKET_CLOSED';
const NO_FD = 'ERR_INVALID_FD_TYPE';

/** In the order of OPEN_STATES. */
// prettier-ignore
const OPEN = {
  //                 fresh       bound       listening   connecting   connected    shutRead     shutWrite    shutBoth
  bind:             [OK,         'EINVAL',   'EINVAL',   'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL'],
  listen:           [OK,         OK,         OK,         'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL'],
  accept:           ['EINVAL',   'EINVAL',   'ETIMEDOUT', 'EINVAL',   'EINVAL',    'EINVAL',    'EINVAL',    'EINVAL'],
  connect:          ['ECONNREFUSED', 'ECONNREFUSED', 'EISCONN', 'ETIMEDOUT', 'EISCONN', 'EISCONN', 'EISCONN', 'EISCONN'],
  shutdown:         ['ENOTCONN', 'ENOTCONN', OK,         OK,          OK,          OK,          OK,          OK],
  send:             ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  sendAll:          ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  sendAllNothing:   [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  recv:             ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  recvInto:         ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  recvWaitAll:      ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  recvExact:        ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', 'ENODATA',   'ETIMEDOUT', 'ENODATA'],
  recvExactNothing: [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  sendTo:           ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  recvFrom:         ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  sendMsg:          ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  recvMsg:          ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  sendMmsg:         ['EPIPE',    'EPIPE',    'EPIPE',    'ETIMEDOUT', OK,          OK,          'EPIPE',     'EPIPE'],
  recvMmsg:         ['ENOTCONN', 'ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', OK,          'ETIMEDOUT', OK],
  getOption:        [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  setOption:        [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  localAddress:     [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  remoteAddress:    ['null',     'null',     'null',     'null',      OK,          OK,          OK,          OK],
  nonblocking:      [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  setTimeout:       [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  inspect:          [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  dup:              [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  toNetSocket:      [OK,         OK,         NO_FD,      OK,          OK,          OK,          OK,          OK],
  toDuplex:         [OK,         OK,         NO_FD,      OK,          OK,          OK,          OK,          OK],
  detach:           [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  close:            [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
  dispose:          [OK,         OK,         OK,         OK,          OK,          OK,          OK,          OK],
} satisfies Record<string, Outcome[]>;

export type Method = keyof typeof OPEN;

const CLOSED_OK: Method[] = ['setTimeout', 'close', 'dispose', 'inspect'];

export function expected(method: Method, state: State): Outcome {
  if (state === 'closed' || state === 'detached') return CLOSED_OK.includes(method) ? OK : GONE;
  return OPEN[method][OPEN_STATES.indexOf(state)] ?? 'missing';
}

/** The milliseconds that a call has: what would wait is ETIMEDOUT, and nothing else is. */
export function patience(outcome: Outcome): number {
  return outcome === 'ETIMEDOUT' ? 20 : 10_000;
}

/** Each method in each state. */
export const CASES = (Object.keys(OPEN) as Method[]).flatMap((method) =>
  STATES.map((state) => [method, state] as const),
);
