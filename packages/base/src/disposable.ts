/** Collects what must be released together; releases in reverse order, and at once when already disposed. */
export class DisposableStack implements Disposable {
  readonly #items: Disposable[] = [];
  #isDisposed = false;

  /** Takes ownership of `item` and returns it. */
  use<T extends Disposable>(item: T): T {
    if (this.#isDisposed) item[Symbol.dispose]();
    else this.#items.push(item);
    return item;
  }

  /** Calls `release` on disposal. */
  defer(release: () => void): void {
    this.use(toDisposable(release));
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (let item = this.#items.pop(); item !== undefined; item = this.#items.pop()) item[Symbol.dispose]();
  }
}

/** A disposable that calls `release` the first time only. */
export function toDisposable(release: () => void): Disposable {
  let isReleased = false;
  return {
    [Symbol.dispose]() {
      if (isReleased) return;
      isReleased = true;
      release();
    },
  };
}
