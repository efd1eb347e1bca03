// What a case is.
import type { Side } from './result.js';
import type { Trial } from './trial.js';

export interface Case {
  /** `server-ten-at-once` */
  name: string;
  side: Side;
  /** One sentence that a student understands: what is done. */
  title: string;
  /** The line of the specification that it tests. */
  specification: string;
  /** Whether the exit status is 1 where it does not pass. */
  required: boolean;
  /** Run with each partner; otherwise the grader itself is at the other end, and it is run once. */
  partners: boolean;
  /** It costs much, so one partner has to do. */
  isHeavy?: boolean;
  /** Passes when it returns. @throws CaseFailure, CaseSkip */
  run(trial: Trial): Promise<void>;
}

/** The lines of the specification. */
export const SPECIFICATION = {
  usage: 'Wrong usage ends with an exit status that is not 0.',
  port: 'The server listens on the port given as its one argument.',
  print: 'The server receives each message and prints it to standard output, byte for byte.',
  prompt: 'The server prints a message when it has been received.',
  next: 'The server serves one client after another, for ever.',
  signal: 'Only a signal from outside ends the server.',
  queue: 'The server listens with a queue of 10.',
  threads: 'The server serves several clients at the same time, by multithreading.',
  whole: 'Messages of clients at the same time are printed whole, never mixed.',
  errors: 'What one client does wrong concerns neither the server nor another client.',
  resources: 'The server runs for ever, so it gives back what a client has cost.',
  calls: 'A system call may do less than it was asked for, or be interrupted.',
  address: 'The client takes two arguments, the IP address and the port of the server.',
  send: 'The client reads standard input exactly as it is until its end, and sends it.',
  chunks: 'Messages of any size go in chunks, never as a whole in memory.',
  partial: 'What a send has left over is sent again.',
  exit: 'The client exits when its message is sent; with a status that is not 0 if it could not be.',
} as const;
