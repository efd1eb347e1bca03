// A sockclient that sends without end, and a check of what the server prints of it.
import { MessageReader, numberedMessage } from './messages.js';
import { eventually } from './proc.js';
import { sockclient, type Running } from './run.js';

export class Flood {
  readonly reader = new MessageReader();
  /** Bytes that the client's stdin has taken. */
  private written = 0;

  private constructor(readonly client: Running) {}

  /** Begins to send to a server whose stdout is read here, and by nobody else from now on. */
  static through(server: Running, port: number): Flood {
    const flood = new Flood(sockclient(['127.0.0.1', String(port)], { input: null }));
    server.child.stdout?.removeAllListeners('data').on('data', (chunk: Buffer) => {
      flood.reader.push(chunk);
    });
    void flood.feed();
    return flood;
  }

  /** Waits until the whole way to the reader of the server's stdout is full. */
  async blocked(): Promise<void> {
    let seen = -1;
    let quietTurns = 0;
    await eventually('nothing moves', () => {
      quietTurns = this.written === seen && this.written > 0 ? quietTurns + 1 : 0;
      seen = this.written;
      return quietTurns > 40;
    });
  }

  private async feed(): Promise<void> {
    const { stdin } = this.client.child;
    if (stdin === null) return;
    // Not once(), which would throw when the client ends.
    const closed = new Promise((resolve) => stdin.once('close', resolve));
    for (const chunk of numberedMessage(1, 2 ** 45)) {
      if (!stdin.writable) return;
      const room = stdin.write(chunk);
      this.written += chunk.length;
      if (room) continue;
      await Promise.race([closed, new Promise((resolve) => stdin.once('drain', resolve))]);
    }
  }
}
