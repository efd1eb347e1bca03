// A program that is graded, or that helps in grading: started in a session of its own, with limits
// and without the grader's environment, and ended with everything that it has started.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startFailure } from './command.js';
import { excerpt } from './failure.js';
import type { Limits } from './grade-options.js';
import { Clock, slowness, until } from './pace.js';
import { type Process, processes, processOf, threadsOf } from './proc.js';
import type { Evidence } from './result.js';
import { killGroup, MARK, sweep, unwatch, watch } from './sweep.js';

export interface StartOptions {
  /** What it is called in explanations: `your server`. */
  title: string;
  words: readonly string[];
  directory: string;
  /** Files of its own: its output, its home. */
  folder: string;
  limits: Limits;
  environment?: Record<string, string>;
  /** Descriptors that are handed over; without them stdin is empty, and stdout a file. */
  stdin?: number;
  stdout?: number;
}

export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const END_PATIENCE_MS = 10_000;
/** How much longer a program may last than it may run. */
const LONGER = 5;
let serial = 0;

/** It could not be started: one sentence. */
export class StartError extends Error {}

export class Program {
  readonly title: string;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly outputFile: string;
  /** Null while it runs. */
  end: End | null = null;
  /** The limit that it broke, in a whole sentence; '' where it broke none. */
  violation = '';
  peakBytes = 0;
  readonly #errorFile: string;
  readonly #output: number;
  readonly #mark = `${MARK}=${randomUUID()}`;
  readonly #since: number;
  readonly #limits: Limits;
  readonly #clock = new Clock();
  #open = true;
  #stopped: Promise<void> | null = null;

  /** @throws StartError */
  constructor(options: StartOptions) {
    const { title, words, directory, folder, limits, environment = {} } = options;
    this.title = title;
    this.#limits = limits;
    const [program = ''] = words;
    const path = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
    const reason = startFailure(program, directory, path);
    if (reason !== null) throw new StartError(`${title} cannot be started: ${reason}`);
    const id = ++serial;
    this.outputFile = join(folder, `output-${id}`);
    this.#errorFile = join(folder, `errors-${id}`);
    this.#since = processOf(process.pid)?.start ?? 0;
    const empty = openSync('/dev/null', 'r');
    this.#output = openSync(this.outputFile, 'a+');
    const errors = openSync(this.#errorFile, 'a');
    try {
      this.child = spawn('prlimit', [...limitsOf(limits), '--', ...words], {
        cwd: directory,
        detached: true,
        env: {
          PATH: path,
          HOME: folder,
          TMPDIR: folder,
          LANG: 'C.UTF-8',
          ...environment,
          ...this.#markOf(),
        },
        stdio: [options.stdin ?? empty, options.stdout ?? this.#output, errors],
      });
    } finally {
      closeSync(empty);
      closeSync(errors);
    }
    this.child.once('exit', (code, signal) => (this.end = { code, signal }));
    this.child.once('error', () => (this.end ??= { code: 127, signal: null }));
    this.pid = this.child.pid ?? 0;
    if (this.pid === 0) {
      closeSync(this.#output);
      const missing = existsSync(directory) ? 'prlimit (of util-linux)' : directory;
      throw new StartError(`${title} cannot be started: there is no ${missing}`);
    }
    watch(this);
  }

  /** Bytes that it has printed so far. */
  get size(): number {
    return this.#open ? fstatSync(this.#output).size : 0;
  }

  get output(): Buffer {
    return readFileSync(this.outputFile);
  }

  /** What it said on stderr. */
  get errors(): Buffer {
    return readFileSync(this.#errorFile);
  }

  get processes(): Process[] {
    return processes().filter(({ session, state }) => session === this.pid && state !== 'Z');
  }

  signal(signal: NodeJS.Signals): void {
    killGroup(this.pid, signal);
  }

  /** Waits for its end; null where it goes on. */
  async ended(patienceMs = END_PATIENCE_MS): Promise<End | null> {
    await until(patienceMs, () => this.end !== null);
    return this.end;
  }

  /** No thread of it runs or is about to: it waits for something. */
  get isAsleep(): boolean {
    if (this.end !== null) return true;
    const { processes } = this;
    // One that has just ended, and whose parent has not been told yet, is not waiting for anything.
    if (processes.length === 0) return false;
    return processes.every(({ pid }) =>
      threadsOf(pid).every(({ state }) => state === 'S' || state === 'I' || state === 'Z'),
    );
  }

  /** Ends it and everything that it has started. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await sweep(this.pid, this.#mark, this.#since);
    await until(END_PATIENCE_MS, () => this.end !== null);
    unwatch(this);
    closeSync(this.#output);
    this.#open = false;
  }

  /** What is shown of it beside an explanation. */
  evidence(): Evidence[] {
    return excerpt(`What ${this.title} wrote to stderr`, this.errors);
  }

  /** Called by the watch with the processes of its session. */
  look(found: readonly Process[]): void {
    const bytes = sum(found, ({ rssBytes }) => rssBytes);
    const threads = sum(found, (process) => process.threads);
    this.peakBytes = Math.max(this.peakBytes, bytes);
    const { memoryBytes, processes: most, outputBytes, seconds } = this.#limits;
    if (bytes > memoryBytes) this.#break(`more than ${mebibytes(memoryBytes)} of memory`);
    else if (threads > most) this.#break(`more than ${most} processes and threads`);
    else if (this.size >= outputBytes) this.#break(`more than ${mebibytes(outputBytes)} of output`);
    else if (sum(found, ({ cpuSeconds }) => cpuSeconds) > seconds * slowness()) {
      this.#break(`more than ${seconds} seconds of processor time`);
    } else if (this.#clock.ms > seconds * 1000 * LONGER) {
      this.#break(`more than ${seconds * LONGER} seconds`);
    }
  }

  #break(what: string): void {
    if (this.violation !== '') return;
    this.violation = `It was ended because it took ${what}, which is the limit.`;
    killGroup(this.pid, 'SIGKILL');
  }

  #markOf(): Record<string, string> {
    const [name = '', value = ''] = this.#mark.split('=');
    return { [name]: value };
  }
}

/** Says how a program has ended: `exited with status 1`, `was killed by SIGSEGV (...)`. */
export function describeEnd({ code, signal }: End): string {
  if (signal === null) return `exited with status ${code}`;
  const meaning = SIGNALS[signal];
  return `was killed by ${signal}${meaning === undefined ? '' : ` (${meaning})`}`;
}

const SIGNALS: Partial<Record<NodeJS.Signals, string>> = {
  SIGSEGV: 'it used memory that is not its own',
  SIGABRT: 'it gave up: a failed assertion, a broken heap',
  SIGBUS: 'it used memory that is not there',
  SIGFPE: 'it divided by zero',
  SIGPIPE: 'it wrote to a connection or pipe whose other end is closed',
  SIGXFSZ: 'it wrote a file larger than the limit',
};

function limitsOf({ outputBytes, seconds }: Limits): string[] {
  // The processor's time is a backstop only, for a grader that was killed meanwhile.
  return ['--core=0', `--fsize=${outputBytes}`, `--cpu=${Math.ceil(seconds * 20)}`];
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Writes all of it to a file that it makes, and gives a descriptor to read it from. */
export function inputFile(folder: string, bytes: Uint8Array): number {
  const file = join(folder, `input-${++serial}`);
  const to = openSync(file, 'w');
  try {
    for (let at = 0; at < bytes.byteLength;) at += writeSync(to, bytes, at);
  } finally {
    closeSync(to);
  }
  return openSync(file, 'r');
}
