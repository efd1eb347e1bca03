// What the parts of one connection have in common: the native side of it.
import type { NativeStreamServer } from './binding.js';
import type { Address } from './address.js';
import type { SocketErrorDetails } from './errors.js';
import type { Turn } from './turn.js';
import { coded } from './validate.js';

/** What all connections of a server share. */
export interface LinkShared {
  readonly native: NativeStreamServer;
  readonly turn: Turn;
  /** Where native code puts small chunks. */
  readonly small: Buffer;
  readonly lend: boolean;
  readonly idleTimeoutMs: number;
  /** A connection that is about to end and has a peer that could keep it from doing so. */
  readonly lingers: (link: Link) => void;
}

/** In order of force; native/server/stream_connection.h has the same. */
export const Ending = { none: 0, graceful: 1, now: 2, reset: 3 } as const;
export type Ending = (typeof Ending)[keyof typeof Ending];

export class Link {
  readonly shared: LinkShared;
  readonly token: number;
  readonly remoteAddress: Address;
  /** When thread and descriptor are gone. */
  readonly gone: Promise<void>;
  readonly setGone: () => void;
  /** The memory of the chunk that is lent to the handler. */
  lent: ArrayBuffer | undefined;
  #ending: Ending = Ending.none;

  constructor(shared: LinkShared, token: number, remoteAddress: Address) {
    this.shared = shared;
    this.token = token;
    this.remoteAddress = remoteAddress;
    let setGone!: () => void;
    this.gone = new Promise((resolve) => {
      setGone = resolve;
    });
    this.setGone = setGone;
  }

  get native(): NativeStreamServer {
    return this.shared.native;
  }

  /** How it is being ended; native code takes no other call for it then. */
  get ending(): Ending {
    return this.#ending;
  }

  /** Ends the connection; again, and with more force, where that does not come to an end. */
  finish(how: Ending): void {
    if (how <= this.#ending) return;
    this.#ending = how;
    const { lent } = this;
    this.lent = undefined;
    this.native.finish(this.token, how, lent);
    if (how === Ending.graceful) this.shared.lingers(this);
  }

  /** The peer, as an error names it. */
  get details(): SocketErrorDetails {
    return this.remoteAddress;
  }
}

export function closedError(details: { bytesTransferred?: number } = {}): Error {
  return Object.assign(coded(new Error('Socket is closed'), 'ERR_SOCKET_CLOSED'), details);
}
