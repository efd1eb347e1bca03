// What keeps handlers from holding the event loop: a read or a send that is done at once gives a
// promise that is resolved already, and a loop of those would never let anything else run.

/** Reads and sends of all connections of a server that may be done at once in one turn. */
const MOST = 128;

export class Turn {
  #left = MOST;
  #next: Promise<void> | null = null;

  /** Whether one more may be done now; otherwise it has to await {@link next}. */
  spend(): boolean {
    return this.#left-- > 0;
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Resolves in a later turn of the event loop. */
  next(): Promise<void> {
    this.#next ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#left = MOST;
        this.#next = null;
        resolve();
      });
    });
    return this.#next;
  }
}
