import type { Clock } from "@coracle/base";

export interface BackOffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** Delays that double with each try of a key, and start over after twice the longest delay without one. */
export class BackOff {
  readonly #clock: Clock;
  readonly #options: BackOffOptions;
  readonly #entries = new Map<string, { delayMs: number; updatedMs: number }>();

  constructor(clock: Clock, options: BackOffOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Milliseconds until the key may be tried again after what happened at `sinceMs`; 0 when it may now. */
  remainingMs(key: string, sinceMs: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#isExpired(entry.updatedMs, sinceMs)) return 0;
    return Math.max(0, sinceMs + entry.delayMs - this.#clock.now());
  }

  /** Notes a try: the next one waits longer. */
  next(key: string, sinceMs: number): void {
    const entry = this.#entries.get(key);
    const isFresh = entry === undefined || this.#isExpired(entry.updatedMs, sinceMs);
    const delayMs = isFresh ? this.#options.initialMs : Math.min(entry.delayMs * 2, this.#options.maxMs);
    this.#entries.set(key, { delayMs, updatedMs: this.#clock.now() });
  }

  /** Forgets keys that start with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #isExpired(updatedMs: number, sinceMs: number): boolean {
    return sinceMs - updatedMs > 2 * this.#options.maxMs;
  }
}
