import { toDisposable } from "@coracle/base";
import type { StoreEvent, WatchListener } from "../store.ts";

/** Whoever follows a store. */
export class Watchers {
  readonly #watchers = new Set<{ readonly prefix: string; readonly listener: WatchListener }>();

  add(prefix: string, listener: WatchListener): Disposable {
    const watcher = { prefix, listener };
    this.#watchers.add(watcher);
    return toDisposable(() => void this.#watchers.delete(watcher));
  }

  /** Tells everyone of a revision, in one call each. */
  notify(revision: number, events: readonly StoreEvent[]): void {
    for (const { prefix, listener } of Array.from(this.#watchers)) {
      const matching = prefix === "" ? events : events.filter((event) => event.key.startsWith(prefix));
      if (matching.length > 0) listener.onEvents(revision, matching);
      else listener.onProgress?.(revision);
    }
  }

  fail(error: Error): void {
    for (const { listener } of Array.from(this.#watchers)) listener.onError(error);
    this.#watchers.clear();
  }
}
