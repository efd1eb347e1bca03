// One life of a server: started, listening, disturbed, ended by SIGTERM.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  createReadStream,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { root, say } from '../run.mjs';
import { dump } from './dump.mjs';
import { Oracle } from './messages.mjs';
import { pause } from './random.mjs';

const COMMAND = join(root, 'dist/bin/sockserve.js');
/** A life hangs where it has printed nothing for so long after SIGTERM. It may print for longer. */
const END_MS = 120_000;
/** After so long without a byte it is told what the process is doing. */
const QUIET_MS = 20_000;
const LOOK_MS = 1000;

/** What stdout is: Node's own pipe (a unix socket), a FIFO, or a file that is read at the end. */
export const OUTPUTS = { socket: 4, fifo: 4, file: 2 };

/** By the kernel's tables: to connect would be an empty message. */
function isListening(port) {
  const entry = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F:]+ 0A `);
  return ['/proc/net/tcp', '/proc/net/tcp6'].some(
    (table) => existsSync(table) && entry.test(readFileSync(table, 'latin1')),
  );
}

export class Life {
  oracle = new Oracle();
  stderr = '';
  problems = [];
  mostKb = 0;
  port = 0;
  drainMs = 0;
  drainBytes = 0;
  #child;
  #reader = null;
  #file = null;
  #closed;
  #limits = null;

  constructor(output, port, folder, options) {
    const args = [COMMAND, ...options, String(port)];
    let stdout = 'pipe';
    let descriptor = -1;
    let read = -1;
    if (output === 'file') {
      this.#file = join(folder, 'out');
      stdout = descriptor = openSync(this.#file, 'w');
    } else if (output === 'fifo') {
      const path = join(folder, 'fifo');
      execFileSync('mkfifo', [path]);
      read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      stdout = descriptor = openSync(path, constants.O_WRONLY);
    }
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'] });
    if (descriptor >= 0) closeSync(descriptor);
    this.#closed = once(this.#child, 'close');
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.#reader = read >= 0 ? new Socket({ fd: read, readable: true }) : this.#child.stdout;
    this.#reader?.on('data', (data) => this.oracle.push(data));
    this.#read = this.#reader === null ? null : once(this.#reader, 'close');
  }
  #read;

  get pid() {
    return this.#child.pid;
  }

  /** The port, or null where the server ended first. Where it was given a port it does not say so. */
  async listening(port) {
    for (;;) {
      const said = /listening on .*port (\d+)/.exec(this.stderr)?.[1];
      if (said !== undefined) return (this.port = Number(said));
      if (port !== 0 && isListening(port)) return (this.port = port);
      if (this.#child.exitCode !== null) return null;
      await pause(5);
    }
  }

  /** Pauses the reader of stdout now and then, until the signal. */
  async pauseReader(numbers, longestMs, signal) {
    while (this.#reader !== null && !signal.aborted) {
      await pause(numbers.magnitude(50, 4000), signal);
      this.#reader.pause();
      await pause(numbers.magnitude(5, longestMs), signal);
      this.#reader.resume();
    }
  }

  /** Leaves the server a handful of descriptors for a while, and gives them back. */
  async lowerLimit(numbers, signal) {
    while (!signal.aborted) {
      await pause(numbers.between(200, 3000), signal);
      if (signal.aborted) break;
      this.#setLimit(readdirSync(`/proc/${this.pid}/fd`).length + numbers.between(-60, 5));
      await pause(numbers.between(50, 3000), signal);
      this.#setLimit(null);
    }
  }

  watchMemory() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    this.mostKb = Math.max(this.mostKb, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }

  /** Sends SIGTERM and waits for the end. */
  async end() {
    const start = performance.now();
    const before = this.#printed();
    this.#child.kill('SIGTERM');
    const watch = this.#watchEnd();
    const [code, signal] = await this.#closed;
    clearInterval(watch);
    this.drainMs = performance.now() - start;
    this.drainBytes = this.#printed() - before;
    if (signal !== 'SIGTERM') this.problems.push(`it ended by ${signal ?? `exit status ${code}`}`);
  }

  /** Bytes that have come out of it, as far as they are known now. */
  #printed() {
    return this.#file === null ? this.oracle.bytes : statSync(this.#file).size;
  }

  #watchEnd() {
    let printed = this.#printed();
    let since = performance.now();
    let told = false;
    return setInterval(() => {
      const now = this.#printed();
      const quiet = performance.now() - since;
      if (now !== printed) {
        printed = now;
        since = performance.now();
        told = false;
      } else if (quiet >= END_MS && !this.#child.killed) {
        this.problems.push(`it did not end, and printed nothing for ${END_MS / 1000} s`);
        this.#child.kill('SIGKILL');
      } else if (quiet >= QUIET_MS && !told) {
        told = true;
        void this.#tellState(printed);
      }
    }, LOOK_MS);
  }

  async #tellState(printed) {
    const { exitCode, signalCode, pid } = this.#child;
    const state = exitCode ?? signalCode;
    say(
      `chaos: ${pid} is quiet for ${QUIET_MS / 1000} s after SIGTERM, ${printed} bytes printed, ` +
        (state === null ? 'it has not ended' : `it has ended (${state}), its output is open`),
    );
    say(await dump(pid, this.port));
  }

  /** Reads the rest of what was printed. */
  async readRest() {
    await this.#read;
    if (this.#file !== null) {
      for await (const data of createReadStream(this.#file)) this.oracle.push(data);
    }
    this.oracle.end();
    this.problems.push(...this.oracle.problems);
  }

  #setLimit(soft) {
    try {
      this.#limits ??= /^Max open files\s+(\S+)\s+(\S+)/m
        .exec(readFileSync(`/proc/${this.pid}/limits`, 'utf8'))
        .slice(1);
      const [before, hard] = this.#limits;
      const limit = `--nofile=${soft === null ? before : Math.max(soft, 1)}:${hard}`;
      execFileSync('prlimit', ['--pid', String(this.pid), limit], { stdio: 'ignore' });
    } catch {
      // No prlimit, or the server has just ended.
    }
  }
}
