import type { Clock } from "@coracle/base";

/** After this long a controller stops waiting for events that never came. Upstream's `ExpectationsTimeout`. */
const timeoutMs = 5 * 60_000;

interface Expectation {
  creations: number;
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

/**
 * What a controller has asked for and its cache has not shown yet. While a key has open expectations its cache is known to be behind, and the
 * controller must not count what it sees there. In one process caches are never behind; over HTTPS they are.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #open = new Map<string, Expectation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expectCreations(key: string, count: number): void {
    this.#of(key).creations += count;
  }

  expectDeletion(key: string, uid: string): void {
    this.#of(key).deletions.add(uid);
  }

  /** An add event came, or a creation failed. */
  creationObserved(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    open.creations = Math.max(0, open.creations - 1);
    this.#closeWhenEmpty(key, open);
  }

  /** A delete event came, the object has a deletionTimestamp, or the deletion failed. */
  deletionObserved(key: string, uid: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    open.deletions.delete(uid);
    this.#closeWhenEmpty(key, open);
  }

  isSatisfied(key: string): boolean {
    const open = this.#open.get(key);
    return open === undefined || this.#clock.now() - open.sinceMs > timeoutMs;
  }

  forget(key: string): void {
    this.#open.delete(key);
  }

  #of(key: string): Expectation {
    let open = this.#open.get(key);
    if (open === undefined || this.#clock.now() - open.sinceMs > timeoutMs) {
      open = { creations: 0, deletions: new Set(), sinceMs: this.#clock.now() };
      this.#open.set(key, open);
    }
    return open;
  }

  #closeWhenEmpty(key: string, open: Expectation): void {
    if (open.creations === 0 && open.deletions.size === 0) this.#open.delete(key);
  }
}
