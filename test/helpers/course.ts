// What the course's own scripts do with a server and a client.
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { sortedLines, alphanumerics, courseText, letters } from './messages.js';
import { OutputFile, temporaryFolder } from './files.js';
import { eventually } from './proc.js';
import type { Running } from './run.js';
import { randomBytes } from 'node:crypto';

/** Messages for one client after another; the names are the course's scenarios. */
export const scenarios: readonly (readonly [name: string, messages: readonly Buffer[]])[] = [
  ['a short line', [Buffer.from('Go Tigers!\n')]],
  ['100 kB of alphanumerics', [alphanumerics(100_000)]],
  ['100 kB of random bytes', [randomBytes(100_000)]],
  ['three clients', [Buffer.from('one\n'), randomBytes(30_000), Buffer.from('three\n')]],
  ['the text that is handed out', [courseText()]],
];

/** Starts a client that sends `input`, or what is written to its stdin where that is null. */
export type StartClient = (input: Buffer | null) => Running;

async function succeed(client: Running): Promise<void> {
  const { code, signal, stderr } = await client.finished;
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
}

export async function oneAfterAnother(start: StartClient, messages: readonly Buffer[]) {
  for (const message of messages) await succeed(start(message));
}

const AT_ONCE = 10;
const POOL = letters(2 ** 20);
const CHUNK_BYTES = 32_768;
const CHUNK_EVERY_MS = 10;

/** Ten clients at once that stream a line of random letters each; gives the ten lines. */
export async function tenAtOnce(start: StartClient, streamMs: number): Promise<Buffer> {
  const lines = await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const client = start(null);
      if (client.child.stdin === null) throw new Error('no stdin');
      const line = await streamLine(client.child.stdin, streamMs);
      await succeed(client);
      return line;
    }),
  );
  return Buffer.concat(lines);
}

async function streamLine(to: Writable, streamMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const end = performance.now() + streamMs;
  // A client that has ended early is told by its exit status.
  while (performance.now() < end && to.writable) {
    const from = Math.floor(Math.random() * (POOL.length - CHUNK_BYTES));
    const chunk = POOL.subarray(from, from + CHUNK_BYTES);
    chunks.push(chunk);
    if (!to.write(chunk)) await once(to, 'drain');
    await new Promise((resolve) => setTimeout(resolve, CHUNK_EVERY_MS));
  }
  const last = Buffer.from('\n');
  to.end(last);
  return Buffer.concat([...chunks, last]);
}

/** Bytes are compared with a message that tells where they differ, and does not print them all. */
export function expectSame(actual: Buffer, expected: Buffer): void {
  if (actual.equals(expected)) return;
  const at = expected.findIndex((byte, index) => byte !== actual[index]);
  const where = at < 0 ? 'there is more than expected' : `they differ at byte ${at}`;
  throw new Error(`${actual.length} bytes instead of ${expected.length}: ${where}`);
}

/** The same lines, whole, in whatever order. */
export function expectSameLines(actual: Buffer, expected: Buffer): void {
  const [left, right] = [sortedLines(actual), sortedLines(expected)];
  expect(left.map((line) => line.length)).toEqual(right.map((line) => line.length));
  expect(left.every((line, index) => line === right[index])).toBe(true);
}

/** A server that writes to a file of its own. */
export interface StartedServer {
  server: Running;
  port: number;
}

export class Session {
  private constructor(
    readonly server: Running,
    readonly port: number,
    private readonly output: OutputFile,
  ) {}

  static async open(start: (stdout: number) => Promise<StartedServer>): Promise<Session> {
    const output = new OutputFile(temporaryFolder());
    const { server, port } = await start(output.fd);
    return new Session(server, port, output);
  }

  get printed(): Buffer {
    return this.output.read();
  }

  /** Waits for a server that may have acknowledged what it has not printed yet. */
  async untilPrinted(bytes: number): Promise<void> {
    await eventually(`${bytes} bytes are printed`, () => this.output.size >= bytes, this.server);
  }
}
