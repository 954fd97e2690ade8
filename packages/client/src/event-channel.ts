/**
 * Turns pushed items into an async iterable for one reader. It holds at most `limit` items: a reader that falls behind further gets the
 * items it has, then the end — for a watch this means a new one, never a hole.
 */
export class EventChannel<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  #isClosed = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  push(item: T): void {
    if (this.#isClosed) return;
    if (this.#items.length >= this.#limit) this.close();
    else this.#items.push(item);
    this.#wake?.();
  }

  /** Ends the iteration after the items that wait; with `error` by throwing it. */
  close(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        while (this.#items.length > 0) yield this.#items.shift() as T;
        if (this.#error !== undefined) throw this.#error;
        if (this.#isClosed) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    } finally {
      this.#isClosed = true;
    }
  }
}
