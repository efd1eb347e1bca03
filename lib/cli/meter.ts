// How far a message has come: for the progress bar and for messages.
import { readFileSync } from 'node:fs';
import { lazy } from './lazy.js';
import type { Progress } from './progress.js';
import { isTerminal, statOf } from './stdio.js';

/** Only input that takes longer than this is worth a bar that nobody asked for. */
const AUTOMATIC_AFTER_MS = 1000;
const TICK_MS = 100;

export class Meter {
  bytesRead = 0;
  private readonly startedAt = Date.now();
  private nextTick: number;
  private progress: Progress | null = null;
  /** Where in the file the message begins. */
  private start: number | null = null;

  /**
   * @param asked the user wants a bar at once, and also where stderr is no terminal
   * @param automatic a terminal gets one unasked, unless its lines are for something else
   */
  constructor(
    private readonly command: string,
    private readonly asked: boolean,
    private readonly automatic: boolean,
  ) {
    this.nextTick = this.startedAt + (asked ? 0 : AUTOMATIC_AFTER_MS);
  }

  /** Whether there may be something to show: stderr could be a terminal, or a bar was asked for. */
  watched(): boolean {
    return this.asked || (this.automatic && statOf(2)?.isCharacterDevice() === true);
  }

  /** The message's length: what is left of a regular file, otherwise what was read so far. */
  total(): number {
    return Math.max(this.fileBytes() ?? 0, this.bytesRead);
  }

  tick(bytesSent: number): void {
    const now = Date.now();
    if (now < this.nextTick) return;
    this.nextTick = now + TICK_MS;
    if (this.progress === null) {
      if (!this.asked && !isTerminal(2)) {
        this.nextTick = Infinity;
        return;
      }
      const { startProgress } = lazy.progress();
      this.progress = startProgress(this.command, this.fileBytes(), this.startedAt, bytesSent);
    }
    this.progress.update(bytesSent);
  }

  /** Leaves the bar's last state on a line of its own. */
  stop(bytesSent: number): void {
    if (this.progress === null) return;
    this.progress.update(bytesSent);
    this.progress.stop();
    this.progress = null;
  }

  private fileBytes(): number | null {
    const stat = statOf(0);
    if (stat?.isFile() !== true) return null;
    this.start ??= offsetOf(0) - this.bytesRead;
    return Math.max(stat.size - this.start, 0);
  }
}

/** Where the next read begins. */
function offsetOf(fd: number): number {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    return Number(/^pos:\s*(\d+)/.exec(info)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
