/**
 * Works on items of a namespace in batches, one batch at a time: what comes while a batch is worked on makes the next one. So that
 * requests that come together cost one write to each quota.
 */
export class NamespaceQueue<T> {
  readonly #work: (namespace: string, batch: readonly T[]) => Promise<void>;
  readonly #waiting = new Map<string, T[]>();

  /** `work` settles each item itself, and does not throw. */
  constructor(work: (namespace: string, batch: readonly T[]) => Promise<void>) {
    this.#work = work;
  }

  add(namespace: string, item: T): void {
    const waiting = this.#waiting.get(namespace);
    if (waiting !== undefined) {
      waiting.push(item);
      return;
    }
    this.#waiting.set(namespace, [item]);
    void this.#run(namespace);
  }

  async #run(namespace: string): Promise<void> {
    for (;;) {
      // Requests of the same turn belong together.
      await Promise.resolve();
      const batch = this.#waiting.get(namespace) ?? [];
      if (batch.length === 0) break;
      this.#waiting.set(namespace, []);
      await this.#work(namespace, batch);
    }
    this.#waiting.delete(namespace);
  }
}
