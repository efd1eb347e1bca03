import { mayTry } from './turn.js';
import { abortError, AGAIN, isDone, Operation, type Plan, type WaitOptions } from './operation.js';

/**
 * The operations of one direction of a socket, of which the first alone makes attempts: what is sent
 * by two calls stays in their order and in one piece, and who asked first receives first.
 */
export class Lane {
  readonly #queue: Operation<unknown>[] = [];
  readonly #atOnce: boolean;
  #advancing = false;

  /** @param atOnce For calls that never wait. */
  constructor(atOnce = false) {
    this.#atOnce = atOnce;
  }

  async run<T>(fd: number, plan: Plan<T>, options: WaitOptions): Promise<T> {
    const { signal } = options;
    if (signal?.aborted === true) throw abortError(signal.reason, plan.details?.());
    const first =
      this.#queue.length === 0 && (this.#atOnce || plan.isNothing === true || mayTry())
        ? plan.attempt(0)
        : AGAIN;
    if (isDone(first)) return first;
    const operation = new Operation(fd, plan, options, this.#advance);
    this.#queue.push(operation as Operation<unknown>);
    if (this.#queue.length === 1) operation.wait(first);
    return operation.promise;
  }

  /** Settles whatever is pending; to be called before the descriptor is closed. */
  close(): void {
    for (const operation of this.#queue.splice(0)) operation.close();
  }

  readonly #advance = (): void => {
    // Not from within itself: an operation that fails while it begins to wait says so at once.
    if (this.#advancing) return;
    this.#advancing = true;
    for (let index = this.#queue.length - 1; index > 0; index--) {
      if (this.#queue[index]?.settled === true) this.#queue.splice(index, 1);
    }
    for (let [head] = this.#queue; head !== undefined && !head.waiting; [head] = this.#queue) {
      if (!head.settled) head.attempt();
      if (isSettled(head)) this.#queue.shift();
    }
    this.#advancing = false;
  };
}

/** As it is now: an attempt has changed it. */
function isSettled(operation: Operation<unknown>): boolean {
  return operation.settled;
}
