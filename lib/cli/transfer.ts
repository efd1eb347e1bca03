// Sending a message and making sure that it arrived. Replies are read and thrown away meanwhile: a
// peer that echoes would otherwise stop reading once its replies have nowhere to go.
import { errorCode } from '../errors.js';
import * as sys from '../sys.js';
import { lazy } from './lazy.js';
import { Failure, failureText, plural } from './report.js';
import { TCP_CLOSE, TCP_FIN_WAIT2, TCP_TIME_WAIT, tcpInfo, type TcpInfo } from './tcp-info.js';

const { MSG_DONTWAIT, POLLIN, POLLOUT, SHUT_WR, SO_ERROR, SO_LINGER, SOL_SOCKET } = sys.constants;

const SCRATCH_BYTES = 65536;
/** A peer can reply faster than it is read, so "until there is no more" might never come. */
const DISCARDS_IN_A_ROW = 16;
const LONGEST_PAUSE_MS = 50;

export interface TransferOptions {
  fd: number;
  /** The peer, for messages. */
  where: string;
  /** The longest wait for the peer in any one step; null = for ever. */
  timeoutMs: number | null;
  /** The message's length as far as it is known, for messages. */
  total: () => number;
  /** Called after each send, and a few times a second during a wait, where someone is watching. */
  onProgress: ((bytesSent: number) => void) | null;
}

export class Transfer {
  bytesSent = 0;
  bytesDiscarded = 0;
  private peerOpen = true;
  /** An error that a read has taken from the socket: the kernel tells each error only once. */
  private readError: string | null = null;
  private scratch: Buffer | null = null;

  constructor(private readonly options: TransferOptions) {}

  /** send(2) until all of it is gone: each call may take less than it was given. */
  sendAll(data: Uint8Array): void {
    let offset = 0;
    while (offset < data.byteLength) {
      const rest = offset === 0 ? data : data.subarray(offset);
      const sent = sys.trySend(this.options.fd, rest, MSG_DONTWAIT);
      if (sent >= 0) {
        offset += sent;
        this.bytesSent += sent;
        this.options.onProgress?.(this.bytesSent);
      } else {
        const code = errorCode(sent);
        if (code === 'EAGAIN') this.waitForRoom();
        else if (code !== 'EINTR') throw this.failure(code);
      }
    }
  }

  /**
   * shutdown(2) of the sending side, then waits until the peer's TCP has acknowledged every byte
   * and the end of the stream. It does not wait for the peer to close.
   */
  finish(): void {
    const { fd } = this.options;
    const remaining = this.startWaiting();
    try {
      sys.shutdown(fd, SHUT_WR);
    } catch (error) {
      // The connection is gone already, and the kernel has the reason.
      throw this.failure(this.socketError() ?? (error as NodeJS.ErrnoException).code ?? '');
    }
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const info = tcpInfo(fd);
      if (info === null || this.everythingAcknowledged(info)) return;
      this.waitForPeer(remaining(pauseMs));
    }
  }

  /** Gives the connection up by a reset, so that the peer does not take a part for the whole. */
  abort(): void {
    try {
      sys.setsockopt(this.options.fd, SOL_SOCKET, SO_LINGER, new Int32Array([1, 0]));
    } finally {
      sys.close(this.options.fd);
    }
  }

  private everythingAcknowledged({ state, bytesAcked }: TcpInfo): boolean {
    if (state === TCP_FIN_WAIT2 || state === TCP_TIME_WAIT) return true;
    if (state !== TCP_CLOSE) return false;
    // The SYN and the FIN count: a peer that resets after it has acknowledged all has it all.
    if (bytesAcked !== null && bytesAcked >= this.bytesSent + 2) return true;
    const code = this.socketError();
    if (code !== null) throw this.failure(code);
    return true;
  }

  private waitForRoom(): void {
    const remaining = this.startWaiting();
    for (;;) {
      const ready = this.poll(POLLOUT, remaining(Infinity));
      if ((ready & POLLIN) !== 0) this.discardReplies();
      if ((ready & ~POLLIN) !== 0) return;
    }
  }

  private waitForPeer(pauseMs: number): void {
    // Once both sides have shut down, poll says POLLHUP at once for ever.
    if (!this.peerOpen) lazy.wait().pause(pauseMs);
    else if (this.poll(0, pauseMs) !== 0) this.discardReplies();
  }

  private poll(events: number, timeoutMs: number): number {
    const { fd } = this.options;
    const wanted = events | (this.peerOpen ? POLLIN : 0);
    return lazy.wait().pollOne(fd, wanted, timeoutMs);
  }

  private discardReplies(): void {
    this.scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    for (let i = 0; i < DISCARDS_IN_A_ROW; i++) {
      const count = sys.tryRecv(this.options.fd, this.scratch, MSG_DONTWAIT);
      if (count > 0) {
        this.bytesDiscarded += count;
        continue;
      }
      const code = count === 0 ? null : errorCode(count);
      if (code === 'EAGAIN' || code === 'EINTR') return;
      // The end of the replies, or an error: readable for ever from here on.
      this.peerOpen = false;
      this.readError ??= code;
      return;
    }
  }

  /**
   * Begins a step that waits for the peer. The function that it gives says how long the next poll
   * may take, and throws when the step's time has run out.
   */
  private startWaiting(): (pauseMs: number) => number {
    const { timeoutMs, onProgress } = this.options;
    const waitMs = timeoutMs ?? Infinity;
    const start = now();
    return (pauseMs) => {
      onProgress?.(this.bytesSent);
      const left = start + waitMs - now();
      if (left <= 0) {
        const wait = lazy.units().formatTime(waitMs);
        throw this.failure('ETIMEDOUT', `; nothing moved for ${wait}`);
      }
      const wait = Math.min(pauseMs, left, onProgress === null ? Infinity : 250);
      return wait === Infinity ? -1 : Math.ceil(wait);
    };
  }

  private socketError(): string | null {
    const errno = sys.getsockopt(this.options.fd, SOL_SOCKET, SO_ERROR);
    return this.readError ?? (errno === 0 ? null : errorCode(errno));
  }

  private failure(code: string, clause = ''): Failure {
    // A send after a reset that a read has already reported says EPIPE.
    const told = code === 'EPIPE' ? (this.readError ?? code) : code;
    const text = failureText('send', this.options.where, told);
    return new Failure(`${text}, ${this.progressText()}${clause}`);
  }

  private progressText(): string {
    const acked = tcpInfo(this.options.fd)?.bytesAcked ?? null;
    if (acked === null) return `${plural(this.bytesSent, 'byte')} sent`;
    const data = Math.min(Math.max(acked - 1, 0), this.bytesSent);
    return `${data} of ${plural(this.options.total(), 'byte')} acknowledged`;
  }
}

function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
