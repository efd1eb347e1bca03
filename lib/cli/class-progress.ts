// What is said on stderr while a class is graded: a line for each submission that is done, and on a
// terminal a last line that tells what goes on.
import type { FromWorker } from '../check/class/worker.js';
import type { StoredResult } from '../check/class/store.js';
import { countsText, number } from '../check/reports/words.js';
import { visibleLine } from '../check/visible.js';
import { say } from './report.js';
import { isTerminal, writeAll } from './stdio.js';

interface Running {
  total: number;
  done: number;
}

export class ClassProgress {
  readonly #isTerminal = isTerminal(2);
  readonly #running = new Map<string, Running>();
  readonly #started = performance.now();
  #total = 0;
  #kept = 0;
  #done = 0;

  constructor(
    private readonly command: string,
    /** A line for each case as well. */
    private readonly verbose: boolean,
  ) {}

  onNotice(text: string): void {
    this.#say(text);
  }

  onStart(total: number, kept: number): void {
    this.#total = total;
    this.#kept = kept;
    this.#done = kept;
    const known = kept === 0 ? '' : `, ${kept} of them graded already and unchanged`;
    this.#say(`${total} submission${total === 1 ? '' : 's'}${known}`);
  }

  onBegin(name: string): void {
    this.#running.set(name, { total: 0, done: 0 });
    this.#draw();
  }

  onMessage(name: string, message: FromWorker): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    if (message.type === 'start') running.total = message.total;
    if (message.type === 'case') {
      running.done++;
      if (this.verbose) this.#say(`${visibleLine(name)}: ${message.verdict} ${message.name}`);
    }
    this.#draw();
  }

  onEnd(name: string, result: StoredResult | null): void {
    this.#running.delete(name);
    if (result === null) return;
    this.#done++;
    const { report, problem } = result;
    const said =
      report === null ? visibleLine(problem) : `${outcome(report)}, ${number(report.seconds)} s`;
    this.#say(`${this.#done} of ${this.#total}: ${visibleLine(name)}: ${said}`);
    this.#draw();
  }

  clear(): void {
    if (this.#isTerminal) this.#write('\r\x1b[K');
  }

  #say(text: string): void {
    this.clear();
    say(this.command, text);
  }

  #draw(): void {
    if (!this.#isTerminal) return;
    const bar = '='.repeat(Math.floor((this.#done / Math.max(1, this.#total)) * 20)).padEnd(20);
    const running = [...this.#running].map(([name, { done, total }]) => {
      return `${visibleLine(name).slice(0, 16)} ${done}/${total}`;
    });
    const text = `${this.command}: [${bar}] ${this.#done}/${this.#total}${this.#left()} ${running.join(', ')}`;
    this.#write(`\r\x1b[K${text.slice(0, 79)}`);
  }

  /** From the pace so far, once there is one. */
  #left(): string {
    const graded = this.#done - this.#kept;
    if (graded < 1) return '';
    const each = (performance.now() - this.#started) / graded / 60_000;
    const minutes = Math.ceil(each * (this.#total - this.#done));
    return `, ${minutes} min left:`;
  }

  #write(text: string): void {
    try {
      writeAll(2, text, 0);
    } catch {
      // Nobody can be told.
    }
  }
}

function outcome({ results, server, client }: NonNullable<StoredResult['report']>): string {
  const failure = server?.buildFailure ?? client?.buildFailure;
  return failure === undefined ? countsText(results) : 'did not compile';
}
