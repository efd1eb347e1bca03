// What a message server tells of itself: its events and its counters.
import type { Address } from './address.js';
import type { SocketError } from './errors.js';

/**
 * How a message ended:
 * - `complete`: the peer shut down its sending side, and all of it was printed as one message
 * - `reset`: the connection was reset; what had arrived is printed
 * - `cut`: the server closed, or its output failed, before the message was complete
 * - `idle`: nothing came for `idleTimeoutMs`
 * - `split`: it kept others waiting for longer than `stallMs` and was printed in parts
 */
export type Outcome = 'complete' | 'reset' | 'cut' | 'idle' | 'split';

/** What a `message` event tells: one message has ended. */
export interface MessageEvent {
  remoteAddress: Address;
  /** Bytes that arrived; all of them are printed unless `lost` says otherwise. */
  bytes: number;
  outcome: Outcome;
  /** Bytes that arrived and could not be written to the output. */
  lost: number;
  /** Why, where the outcome is `reset`. */
  error?: SocketError;
}

/** What a `warning` event tells: the server goes on. */
export interface MessageServerWarning {
  kind: 'reset' | 'split' | 'idle' | 'spool' | 'accept' | 'thread';
  /** A line for a person, without a full stop or a newline at its end. */
  message: string;
  remoteAddress?: Address;
  /** Where in the connection's bytes it happened. */
  bytes?: number;
  error?: SocketError;
}

/** Counts since the server was made, and what it holds now. */
export interface MessageServerStats {
  /** Accepted so far. */
  connections: number;
  /** Open now. */
  open: number;
  /** Threads that accept and serve, now; at most 4 of them wait for work. */
  threads: number;
  messages: number;
  bytesIn: number;
  bytesOut: number;
  /** Arrived and could not be written to the output, and of how many messages. */
  bytesLost: number;
  messagesLost: number;
  /** Held in memory and in the spool now. */
  memoryBytes: number;
  spoolBytes: number;
  splits: number;
  /** Connections that the server ended before their message was complete. */
  cuts: number;
  /** Events that nobody took in time; messages are not among what can be dropped. */
  eventsDropped: number;
}
