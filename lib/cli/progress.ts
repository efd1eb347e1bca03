// The progress bar. It is drawn on stderr by plain writes.
import type { Options } from 'cli-progress';
import { formatAmount } from './amount.js';
import { isTerminal, writeAll } from './stdio.js';

export interface Progress {
  update(bytes: number): void;
  stop(): void;
}

const TERMINAL_FPS = 5;
/** Where stderr is no terminal, each state is a line of its own: few of them. */
const PLAIN_FPS = 0.5;

/**
 * Shows a bar.
 * @param total the message's bytes, or null where they are not known: then there is no bar, but
 *     the amount and the rate
 * @param startedAt when the sending began, as Date.now() gives it
 * @param bytes what has been sent since then
 */
export function startProgress(
  command: string,
  total: number | null,
  startedAt: number,
  bytes: number,
): Progress {
  const terminal = isTerminal(2);
  const bar = makeBar({
    format: (_options, { value, progress, eta }) => {
      const seconds = Math.max((Date.now() - startedAt) / 1000, 0.001);
      const rate = `${formatAmount(value / seconds)}/s`;
      if (total === null) return `${command}: ${formatAmount(value)}, ${rate}`;
      const percent = `${Math.floor(progress * 100)}`.padStart(3);
      const left = value >= total || !Number.isFinite(eta) ? '' : `, ${Math.ceil(eta)} s left`;
      const done = '='.repeat(Math.floor(progress * 20)).padEnd(20);
      return `${command}: [${done}] ${percent}% of ${formatAmount(total)}, ${rate}${left}`;
    },
    fps: terminal ? TERMINAL_FPS : PLAIN_FPS,
    hideCursor: false,
    gracefulExit: false,
    synchronousUpdate: true,
    emptyOnZero: true,
    // Not in the published types, but what the bar draws on.
    ...{ terminal: terminal ? new Terminal() : new PlainLines() },
  });
  bar.start(total ?? 0, bytes);
  return {
    update: (bytes) => {
      bar.update(bytes);
    },
    stop: () => {
      bar.stop();
    },
  };
}

/**
 * cli-progress looks at process.stderr even when it is told to draw elsewhere, and the first look
 * installs a listener for SIGWINCH and makes a shared pipe non-blocking.
 */
function makeBar(options: Options) {
  const descriptor = Object.getOwnPropertyDescriptor(process, 'stderr');
  Object.defineProperty(process, 'stderr', { value: null, configurable: true });
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { SingleBar } = require('cli-progress') as typeof import('cli-progress');
    return new SingleBar(options);
  } finally {
    if (descriptor !== undefined) Object.defineProperty(process, 'stderr', descriptor);
  }
}

/** Rewrites one line. It never hides the cursor nor changes a mode: a signal may end us any time. */
class Terminal {
  isTTY(): boolean {
    return true;
  }
  getWidth(): number {
    return 80;
  }
  cursorTo(): void {
    this.put('\r');
  }
  write(text: string): void {
    this.put(text);
  }
  clearRight(): void {
    this.put('\x1b[K');
  }
  newline(): void {
    this.put('\n');
  }
  cursorSave(): void {
    // The bar never leaves its line.
  }
  cursorRestore(): void {
    // The bar never leaves its line.
  }
  lineWrapping(): void {
    // Every line is shorter than 80 columns.
  }

  protected put(text: string): void {
    try {
      writeAll(2, text, 0);
    } catch {
      // Nobody can be told.
    }
  }
}

/** A file or a pipe: a line for each state, without control characters. */
class PlainLines extends Terminal {
  override cursorTo(): void {
    // Lines only grow here.
  }
  override clearRight(): void {
    this.put('\n');
  }
  override newline(): void {
    // clearRight() has ended the line.
  }
}
