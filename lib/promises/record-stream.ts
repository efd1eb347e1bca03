// Sockets that net.Socket does not take, as streams: one chunk is one record.
import { constants as os } from 'node:os';
import { Duplex } from 'node:stream';
import { constants } from '../constants.js';
import { SocketError } from '../errors.js';
import { type ReceivedMessage, tryRecvmsg } from '../message.js';
import { Adopted, type SocketHandle } from '../socket-handle.js';
import * as sys from '../sys.js';
import { SocketMessages } from './socket-messages.js';

const { MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, SHUT_WR } = constants;
const { SOCK_STREAM, SOCK_SEQPACKET } = constants;
const POLLRDHUP = constants.POLLRDHUP ?? 0;

/** Longer than any record whose sender has not raised its SO_SNDBUF tenfold. Memory that is never
 * touched costs nothing, and what came is copied out of it. */
const MOST_RECORD_BYTES = 2 ** 21;
let room: Buffer | undefined;

/** What is read ahead, in records: as few as keep a reader from waiting for each. */
const RECORDS_AHEAD = 16;
/** The room for the credentials of a sender, and for nothing that could come behind them. */
const CREDENTIALS_BYTES = 32;

/** Receives whole records. */
class RecordSocket extends SocketMessages {
  async receive(): Promise<Buffer> {
    const into = (room ??= Buffer.allocUnsafeSlow(MOST_RECORD_BYTES));
    return this.runCall<ReceivedMessage, Buffer>(
      'in',
      'recvmsg',
      0,
      // Without room for control data, the system closes descriptors that come.
      (fd, flags) => tryRecvmsg(fd, into, { flags, controlBytes: 0 }),
      ({ bytes, flags }) => {
        if ((flags & MSG_TRUNC) !== 0) throw new SocketError('recvmsg', os.errno.EMSGSIZE);
        return Buffer.from(into.subarray(0, bytes));
      },
    );
  }

  /** After a record without bytes: whether it was none, but the end. */
  isAtEnd(): boolean {
    const fd = this.openFd();
    const isOver = sys.poll([{ fd, events: POLLRDHUP }], 0).length > 0;
    if (!isOver || constants.SO_PASSCRED === undefined) return isOver;
    // Nothing more can be sent. A record that is there still comes with credentials, and the end
    // without; there is no other difference between the end and a record without bytes.
    const before = this.getOption('passCred');
    this.setOption('passCred', true);
    try {
      const options = { flags: MSG_PEEK | MSG_DONTWAIT, controlBytes: CREDENTIALS_BYTES };
      const next = tryRecvmsg(fd, Buffer.alloc(0), options);
      return typeof next === 'number' || next.control.length === 0;
    } finally {
      this.setOption('passCred', before);
    }
  }
}

class RecordStream extends Duplex {
  readonly #socket: RecordSocket;
  readonly #type: number;
  readonly #endsByItself: boolean;
  #reading = false;

  constructor(socket: RecordSocket) {
    const type = socket.getOption('type');
    const isStream = type === SOCK_STREAM;
    super({
      allowHalfOpen: true,
      readableObjectMode: !isStream,
      ...(isStream ? {} : { readableHighWaterMark: RECORDS_AHEAD }),
    });
    this.#socket = socket;
    this.#type = type;
    this.#endsByItself = isStream || type === SOCK_SEQPACKET;
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    const received = this.#type === SOCK_STREAM ? this.#socket.recv(65536) : this.#socket.receive();
    received.then(
      (record) => {
        this.#reading = false;
        if (!this.destroyed) this.push(this.#isEnd(record) ? null : record);
      },
      (error: unknown) => {
        this.destroy(error as Error);
      },
    );
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const isStream = this.#type === SOCK_STREAM;
    const sent = isStream ? this.#socket.sendAll(chunk) : this.#socket.send(chunk);
    sent.then(
      () => {
        done();
      },
      (error: unknown) => {
        done(error as Error);
      },
    );
  }

  /** Where the peer could not be told of the end there is none, and the socket stays as it is. */
  override _final(done: (error?: Error) => void): void {
    try {
      if (this.#endsByItself) this.#socket.shutdown(SHUT_WR);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    try {
      this.#socket.close();
      done(error);
    } catch (failure) {
      done(error ?? (failure as Error));
    }
  }

  #isEnd(record: Buffer): boolean {
    if (record.length > 0 || !this.#endsByItself) return false;
    return this.#type === SOCK_STREAM || this.#socket.isAtEnd();
  }
}

/** The stream, to which the descriptor belongs from now on. */
export function makeRecordStream(socket: SocketHandle): Duplex {
  const own = new RecordSocket(new Adopted(socket.detach()), 0, 0);
  try {
    return new RecordStream(own);
  } catch (error) {
    own.close();
    throw error;
  }
}
