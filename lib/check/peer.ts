// The other end, where it must do what no ordinary program does: stay silent, send a byte at a time,
// have small buffers, reset.
import { constants } from '../constants.js';
import { Socket } from '../promises/socket.js';
import { until } from './pace.js';
import { SYN_RECV, type TcpEntry, tcpTable } from './proc.js';

const LOOPBACK = '127.0.0.1';
const PATIENCE_MS = 10_000;
/** What a socket has to wait for its peer is bounded by the programs' limits, which end them. */
const LONGEST_MS = 600_000;

/** A client of the server that is graded. */
export class Peer {
  readonly port: number;

  private constructor(
    readonly socket: Socket,
    private readonly serverPort: number,
  ) {
    this.port = socket.localAddress.port ?? 0;
  }

  static async connect(port: number): Promise<Peer> {
    const socket = new Socket(constants.AF_INET, constants.SOCK_STREAM);
    try {
      socket.setOption('tcpNodelay', true);
      await socket.connect({ address: LOOPBACK, port }, { timeoutMs: LONGEST_MS });
      return new Peer(socket, port);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  send(data: Uint8Array | string): Promise<void> {
    return this.socket.sendAll(data, { timeoutMs: LONGEST_MS });
  }

  /** Ends the message, and can still hear what the server says. */
  end(): void {
    this.socket.shutdown(constants.SHUT_WR);
  }

  /** Waits until the server has closed; what it sent meanwhile. */
  async drained(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.socket.chunks({ timeoutMs: LONGEST_MS })) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  reset(): void {
    if (this.socket.closed) return;
    this.socket.setOption('linger', { on: true, seconds: 0 });
    this.socket.close();
  }

  close(): void {
    this.socket.close();
  }

  /**
   * Waits until the server has taken everything out of its kernel that was sent.
   * @returns false where it has not: it does not read this connection, or not now
   */
  async read(patienceMs = PATIENCE_MS): Promise<boolean> {
    return (await until(patienceMs, () => this.isRead)) === true;
  }

  /** Waits until the connection is there on the server's side as well. */
  async known(patienceMs: number, isInVain: () => boolean): Promise<void> {
    const { port, serverPort } = this;
    await until(patienceMs, () => {
      if (isInVain()) return true;
      return tcpTable().some(
        (e) => e.localPort === serverPort && e.remotePort === port && isWhole(e),
      );
    });
  }

  get isRead(): boolean {
    const { port, serverPort } = this;
    const table = tcpTable();
    const mine = table.find((e) => e.localPort === port && e.remotePort === serverPort);
    const theirs = table.find((e) => e.localPort === serverPort && e.remotePort === port);
    return (mine?.sendQueue ?? 0) === 0 && (theirs?.receiveQueue ?? 0) === 0;
  }
}

/** Past the handshake. */
const isWhole = ({ state }: TcpEntry): boolean => state !== SYN_RECV;

export interface SinkOptions {
  /** SO_RCVBUF, in bytes; set before the listener listens, so that connections inherit it. */
  receiveBuffer?: number;
}

/** A server for the client that is graded. */
export class Sink {
  readonly port: number;
  readonly #listener: Socket;
  readonly #open = new Set<Socket>();

  constructor({ receiveBuffer }: SinkOptions = {}) {
    this.#listener = new Socket(constants.AF_INET, constants.SOCK_STREAM);
    if (receiveBuffer !== undefined) this.#listener.setOption('rcvBuf', receiveBuffer);
    this.#listener.bind({ address: LOOPBACK, port: 0 });
    this.#listener.listen(10);
    this.port = this.#listener.localAddress.port ?? 0;
  }

  /** The next client's connection; rejected when close() is called before one comes. */
  async accept(): Promise<Socket> {
    const { socket } = await this.#listener.accept();
    this.#open.add(socket);
    return socket;
  }

  close(): void {
    this.#listener.close();
    for (const socket of this.#open) socket.close();
  }
}

/** All that comes until the end, gathered as it comes. */
export class Gathering {
  readonly done: Promise<void>;
  bytes = 0;
  /** How the connection ended where it was not in good order. */
  error: NodeJS.ErrnoException | null = null;
  ended = false;
  readonly #chunks: Buffer[] = [];

  constructor(
    readonly socket: Socket,
    private readonly keep = true,
  ) {
    this.done = this.#gather();
  }

  get data(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  async #gather(): Promise<void> {
    try {
      for await (const chunk of this.socket.chunks()) {
        this.bytes += chunk.length;
        if (this.keep) this.#chunks.push(chunk);
      }
    } catch (error) {
      this.error = error as NodeJS.ErrnoException;
    }
    this.ended = true;
  }
}
