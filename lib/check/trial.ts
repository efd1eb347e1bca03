// One run of one case: its programs and peers, all of which end with it.
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SocketError } from '../errors.js';
import type { Template } from './command.js';
import { CaseFailure, CaseSkip } from './failure.js';
import type { Limits, Submission } from './grade-options.js';
import { until } from './pace.js';
import type { Partner } from './partners.js';
import { clientTemplate, serverTemplate } from './partners.js';
import { Peer, Sink, type SinkOptions } from './peer.js';
import { InputPipe } from './pipes.js';
import { freePort } from './ports.js';
import { describeEnd, inputFile, Program, StartError } from './program.js';
import type { Evidence, Side } from './result.js';
import { awaitListener } from './readiness.js';
import { ServerRun } from './server-run.js';
import { ClientRun } from './client-run.js';

const PORT_TRIES = 3;
const ENDING_MS = 2000;
/** What a program has done whose peer gets such an error. */
const DONE: Partial<Record<string, string>> = {
  ECONNREFUSED: 'does not accept connections any more',
  ECONNRESET: 'reset the connection',
  ENOTCONN: 'reset the connection',
  EPIPE: 'closed the connection before it had received everything',
  ETIMEDOUT: 'does not react any more',
};

const isGraded = ({ title }: Program): boolean => title.startsWith('your ');

export interface TrialOptions {
  submission: Submission;
  limits: Limits;
  side: Side;
  partner: Partner | null;
}

export interface ProgramOptions {
  environment?: Record<string, string>;
  stdout?: number;
  limits?: Partial<Limits>;
}

export interface ServerOptions extends ProgramOptions {
  port?: number;
}

export class Trial {
  readonly folder = mkdtempSync(join(tmpdir(), 'sockcheck-'));
  readonly side: Side;
  readonly partner: Partner | null;
  readonly notes: Evidence[] = [];
  readonly #options: TrialOptions;
  readonly #programs: Program[] = [];
  readonly #closers: (() => void)[] = [];

  constructor(options: TrialOptions) {
    this.#options = options;
    this.side = options.side;
    this.partner = options.partner;
  }

  /** To be called when the trial is over, however it ends. */
  defer(close: () => void): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) close();
    await Promise.all(this.#programs.map((program) => program.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Something that is worth knowing also where the case passes. */
  note(title: string, text: string): void {
    this.notes.push({ kind: 'excerpt', title, text });
  }

  /** One of its programs was ended because of a limit. */
  get brokeLimit(): boolean {
    return this.#programs.some(({ violation }) => violation !== '');
  }

  /** The limits that the graded programs broke, in whole sentences. */
  get violations(): string[] {
    return this.#programs
      .filter(isGraded)
      .map(({ violation }) => violation)
      .filter((violation) => violation !== '');
  }

  /** An error of a peer's socket is the doing of the graded program: a failure that says so. */
  async explained(error: unknown): Promise<unknown> {
    const code = error instanceof SocketError ? error.code : '';
    const done = DONE[code];
    const program = this.#programs.findLast(isGraded);
    if (done === undefined || program === undefined) return error;
    // A program that is ending has closed its sockets already.
    await until(ENDING_MS, () => program.end !== null || program.isAsleep);
    const { title, end, violation } = program;
    const state =
      end === null ? `${done} (${code})` : `${describeEnd(end)} in the middle of the case`;
    const text = `Y${title.slice(1)} ${state}.`;
    return new CaseFailure(violation === '' ? text : `${text} ${violation}`, program.evidence());
  }

  /** The words of the graded program's command, and where it runs. */
  get graded(): { words: string[]; directory: string } {
    const { template, directory } = this.#role(this.side);
    return { words: template.fill({ host: '127.0.0.1', port: 1 }), directory };
  }

  /** What the graded programs said. */
  evidence(): Evidence[] {
    return this.#programs.findLast(isGraded)?.evidence() ?? [];
  }

  /** Starts the server of this trial and waits until it listens. */
  async server(options: ServerOptions = {}): Promise<ServerRun> {
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? freePort();
      const program = this.serverProgram({ port }, options);
      const state = await awaitListener(program, port);
      if (state === null) return new ServerRun(this, program, port);
      const again = state.isTaken && options.port === undefined && attempt < PORT_TRIES;
      await program.stop();
      if (!again) throw new CaseFailure(state.explanation, program.evidence());
    }
  }

  /** Starts the server with these values in its command, and waits for nothing. */
  serverProgram(values: Record<string, string | number>, options: ProgramOptions = {}): Program {
    const { template, title, directory } = this.#role('server');
    return this.#start(title, template.fill(values), directory, options);
  }

  /** Starts the client of this trial, with this input: bytes, or a pipe that is written later. */
  client(port: number, input: Uint8Array | InputPipe, options: ProgramOptions = {}): ClientRun {
    const stdin = input instanceof InputPipe ? input.theirs : inputFile(this.folder, input);
    try {
      return new ClientRun(this.clientProgram({ host: '127.0.0.1', port }, options, stdin));
    } finally {
      closeSync(stdin);
    }
  }

  clientProgram(
    values: Record<string, string | number>,
    options: ProgramOptions = {},
    stdin?: number,
  ): Program {
    const { template, title, directory } = this.#role('client');
    return this.#start(title, template.fill(values), directory, options, stdin);
  }

  pipe(): InputPipe {
    const pipe = new InputPipe(this.folder);
    this.defer(() => {
      pipe.destroy();
    });
    return pipe;
  }

  async connect(port: number): Promise<Peer> {
    const peer = await Peer.connect(port);
    this.defer(() => {
      peer.close();
    });
    return peer;
  }

  sink(options?: SinkOptions): Sink {
    const sink = new Sink(options);
    this.defer(() => {
      sink.close();
    });
    return sink;
  }

  #start(
    title: string,
    words: string[],
    directory: string,
    options: ProgramOptions,
    stdin?: number,
  ): Program {
    try {
      const program = new Program({
        title,
        words,
        directory,
        folder: this.folder,
        limits: { ...this.#options.limits, ...options.limits },
        ...(options.environment === undefined ? {} : { environment: options.environment }),
        ...(options.stdout === undefined ? {} : { stdout: options.stdout }),
        ...(stdin === undefined ? {} : { stdin }),
      });
      this.#programs.push(program);
      return program;
    } catch (error) {
      if (error instanceof StartError) throw new CaseFailure(error.message);
      throw error;
    }
  }

  /** The graded program, or the partner's in its place. */
  #role(side: Side): { template: Template; title: string; directory: string } {
    const { submission, partner } = this.#options;
    if (side !== this.side) {
      const template = partner?.[side] ?? null;
      if (partner === null || template === null) throw new CaseSkip('there is no partner');
      return { template, title: `${partner.owner} ${side}`, directory: partner.directory };
    }
    const text = submission[side];
    if (text === undefined) throw new CaseSkip(`there is no ${side}`);
    const template = side === 'server' ? serverTemplate(text) : clientTemplate(text);
    return { template, title: `your ${side}`, directory: submission.directory };
  }
}
