// What sockcheck says while it runs, on stderr.
import type { CaseResult } from '../check/result.js';
import { say } from './report.js';
import { isTerminal, writeAll } from './stdio.js';

export class CheckProgress {
  readonly #isTerminal = isTerminal(2);
  #total = 0;
  #done = 0;
  #bad = 0;

  /** @param verbose a line for each result, also where stderr is no terminal */
  constructor(
    private readonly command: string,
    private readonly verbose: boolean,
  ) {}

  start(total: number): void {
    this.#total = total;
    this.#draw('');
  }

  add(result: CaseResult): void {
    const { name, partner, verdict, seconds } = result;
    this.#done++;
    if (verdict !== 'passed' && verdict !== 'skipped') this.#bad++;
    const whole = partner === null ? name : `${name} (${partner})`;
    if (this.verbose) {
      this.stop();
      say(this.command, `${verdict} ${whole}, ${seconds.toFixed(1)} s`);
    }
    this.#draw(whole);
  }

  stop(): void {
    if (this.#isTerminal) this.#write('\r\x1b[K');
  }

  #draw(last: string): void {
    if (!this.#isTerminal) return;
    const bad = this.#bad === 0 ? '' : `, ${this.#bad} not passed`;
    const done = '='.repeat(Math.floor((this.#done / Math.max(1, this.#total)) * 20)).padEnd(20);
    const text = `${this.command}: [${done}] ${this.#done} of ${this.#total}${bad} ${last}`;
    this.#write(`\r\x1b[K${text.slice(0, 79)}`);
  }

  #write(text: string): void {
    try {
      writeAll(2, text, 0);
    } catch {
      // Nobody can be told.
    }
  }
}
