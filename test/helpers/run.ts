// Running programs from tests: with input, with readiness awaited, and with nothing left behind.
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

export interface RunOptions {
  /** What stdin gives: bytes, a descriptor to hand over, or null to write with `.child.stdin`. */
  input?: string | Uint8Array | number | null;
  /** Descriptors for stdout and stderr, where they shall not be collected. */
  stdout?: number;
  stderr?: number;
  env?: Record<string, string>;
  cwd?: string;
}

const ROOT = path.resolve(__dirname, '../..');
const running = new Set<Running>();

/** The built command, to be run as `[process.execPath, commandFile('sockserve'), ...]`. */
export function commandFile(name: 'sockserve' | 'sockclient' | 'sockcheck'): string {
  return path.join(ROOT, 'dist/bin', `${name}.js`);
}

export class Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = Buffer.alloc(0);
  stderr = '';
  private watchers = new Set<() => void>();

  constructor(file: string, args: readonly string[], options: RunOptions = {}) {
    const { input = '', stdout = 'pipe', stderr = 'pipe', env = {}, cwd } = options;
    const stdio: StdioOptions = [typeof input === 'number' ? input : 'pipe', stdout, stderr];
    this.child = spawn(file, args, { stdio, cwd, env: { ...process.env, ...env } });
    running.add(this);
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout = Buffer.concat([this.stdout, chunk]);
      this.changed();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString('latin1');
      this.changed();
    });
    this.finished = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        running.delete(this);
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        this.changed();
      });
    });
    // A program may end before it has read all of its input.
    this.child.stdin?.on('error', () => undefined);
    if (input !== null && typeof input !== 'number') this.child.stdin?.end(input);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the program did not start');
    return this.child.pid;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits until `check` gives something; it is asked again at each output and at the end. */
  async until<T>(what: string, check: () => T | null | undefined | false): Promise<T> {
    for (;;) {
      const value = check();
      if (value !== null && value !== undefined && value !== false) return value;
      if (this.ended) throw new Error(`ended before ${what}; stderr: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.watchers.add(resolve);
      });
    }
  }

  /** The match on stderr, once it is there. */
  stderrMatch(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(`stderr had ${pattern}`, () => pattern.exec(this.stderr));
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    this.child.kill(signal);
    return this.finished;
  }

  private changed(): void {
    const watchers = [...this.watchers];
    this.watchers.clear();
    for (const watcher of watchers) watcher();
  }
}

export function start(file: string, args: readonly string[], options?: RunOptions): Running {
  return new Running(file, args, options);
}

export function run(file: string, args: readonly string[], options?: RunOptions) {
  return start(file, args, options).finished;
}

export function sockclient(args: readonly string[], options?: RunOptions): Running {
  return start(process.execPath, [commandFile('sockclient'), ...args], options);
}

/** sockserve on a port that it picks itself, listening. `stderr` must not be handed over. */
export async function sockserve(
  args: readonly string[] = [],
  options?: RunOptions,
): Promise<{ server: Running; port: number }> {
  const server = start(process.execPath, [commandFile('sockserve'), ...args, '0'], options);
  const [, port] = await server.stderrMatch(/listening on .*port (\d+)/);
  return { server, port: Number(port) };
}

/** For afterEach: ends every program that a test has left running. */
export async function stopAll(): Promise<void> {
  const left = [...running];
  for (const { child } of left) child.kill('SIGKILL');
  await Promise.allSettled(left.map(({ finished }) => finished));
}

/** A port that nobody listens on. Another program can take it, so prefer port 0 where it goes. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/**
 * Waits until someone listens on the port. It reads the kernel's tables: to connect would give the
 * server an empty message.
 */
export async function listening(port: number, program?: Running): Promise<void> {
  const entry = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F:]+ 0A `);
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'];
  while (
    !tables.some((table) => fs.existsSync(table) && entry.test(fs.readFileSync(table, 'latin1')))
  ) {
    if (program?.ended === true) throw new Error(`ended before it listened: ${program.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether the program can be run here; tests that need it say so and skip. */
export function available(program: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  if (!found) console.warn(`skipped where ${program} is needed: it is not installed`);
  return found;
}
