// The graded program of a trial with the shim before it: what it called, and what that tells.
import { join } from 'node:path';
import { CaseFailure, CaseSkip } from './failure.js';
import type { Program } from './program.js';
import type { Evidence } from './result.js';
import { type Faults, Shim } from './shim.js';
import { findings } from './shim-findings.js';
import { readShimLog, type ShimEvent, wasSeen } from './shim-log.js';
import type { Trial } from './trial.js';

const SHOWN = 14;

export class WatchedCalls {
  readonly environment: Record<string, string>;
  readonly #log: string;
  readonly #who: string;

  /** @throws CaseSkip where the program's calls cannot be seen */
  constructor(trial: Trial, faults: Faults) {
    const shim = Shim.find();
    if (typeof shim === 'string') throw new CaseSkip(`It could not be tested here: ${shim}.`);
    const { words, directory } = trial.graded;
    const reason = shim.whyNot(words, directory);
    if (reason !== null) throw new CaseSkip(`It could not be tested: ${reason}.`);
    this.#who = `your ${trial.side}`;
    this.#log = join(trial.folder, 'calls');
    this.environment = shim.environment({ log: this.#log, faults });
  }

  get events(): ShimEvent[] {
    return readShimLog(this.#log);
  }

  /** @throws CaseSkip where it has turned out that nothing was seen */
  expectSeen(): void {
    if (wasSeen(this.events)) return;
    throw new CaseSkip(
      `It could not be tested: none of the calls of ${this.#who} was seen. The command may start a program that is linked statically, or one in Go.`,
    );
  }

  /** Tells a failure by what the program called, where that explains it. */
  explain(error: unknown, program: Program | null): unknown {
    if (!(error instanceof CaseFailure)) return error;
    const { events } = this;
    if (!wasSeen(events)) return error;
    const ended = program?.end !== null;
    const told = findings(events, { who: this.#who, ended })
      .filter(({ kind }) => kind !== 'no-reuse')
      .map(({ sentence }) => sentence);
    return new CaseFailure([...told, error.message].join(' '), [
      ...error.evidence,
      ...this.evidence(),
    ]);
  }

  /** The first calls that it made on its sockets. */
  evidence(): Evidence[] {
    const lines = this.events.flatMap(line);
    if (lines.length === 0) return [];
    const more = lines.length > SHOWN ? [`... ${lines.length - SHOWN} more`] : [];
    const text = [...lines.slice(0, SHOWN), ...more].join('\n');
    return [{ kind: 'excerpt', title: `The calls of ${this.#who}, as it saw them`, text }];
  }
}

/** As strace would write it. */
function line(event: ShimEvent): string[] {
  switch (event.op) {
    case 'listen':
      return [`listen(${event.fd}, ${event.backlog})${result(event)}`];
    case 'connect':
    case 'bind':
      return [`${event.op}(${event.fd}, port ${event.port ?? '?'})${result(event)}`];
    case 'accept':
      return [`accept(${event.fd})${result(event)}`];
    case 'send':
    case 'recv':
      return [`${event.call}(${event.fd}, ${event.asked} bytes)${result(event)}`];
    case 'shutdown':
      return [`shutdown(${event.fd}, ${event.how})${result(event)}`];
    case 'close':
      return [`close(${event.fd})`];
    case 'exit':
      return [`exit(${event.status})`];
    default:
      return [];
  }
}

function result({ result: value, error }: { result: number; error?: string }): string {
  return ` = ${value}${error === undefined ? '' : ` ${error}`}`;
}
