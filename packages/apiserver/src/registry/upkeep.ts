import type { Clock, Logger } from "@coracle/base";
import type { Store } from "@coracle/storage";

const fiveMinutesMs = 5 * 60_000;

export interface CompactorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Defaults to five minutes. */
  readonly periodMs?: number | undefined;
  /** Called with the first revision that can still be read. */
  onCompacted(revision: number): void;
}

/** Forgets the store's history that is older than a period, every period; upstream's is five minutes. */
export class Compactor implements Disposable {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #periodMs: number;
  readonly #onCompacted: (revision: number) => void;
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(options: CompactorOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#periodMs = options.periodMs ?? fiveMinutesMs;
    this.#onCompacted = (revision) => options.onCompacted(revision);
  }

  async start(): Promise<void> {
    this.#arm(await this.#store.currentRevision());
  }

  #arm(revision: number): void {
    if (this.#isDisposed) return;
    this.#timer = this.#clock.setTimeout(() => void this.#compact(revision), this.#periodMs);
  }

  async #compact(revision: number): Promise<void> {
    let next = revision;
    try {
      if (revision > this.#store.compactedRevision()) await this.#store.compact(revision);
      this.#onCompacted(revision);
      next = await this.#store.currentRevision();
    } catch (error) {
      this.#log.warn("compaction failed", { error });
    }
    this.#arm(next);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#timer?.[Symbol.dispose]();
  }
}

/** Objects that come within this time share a lease: one for each would cost more than it frees. */
const leaseShareMs = 60_000;

/** Leases for objects that go by themselves. */
export class SharedLeases {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #current = new Map<number, { readonly id: Promise<string>; readonly untilMs: number }>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** A lease that lasts `ttlSeconds`, or up to a minute more. */
  async leaseOf(ttlSeconds: number): Promise<string> {
    const now = this.#clock.monotonic();
    const current = this.#current.get(ttlSeconds);
    if (current !== undefined && now < current.untilMs) return current.id;
    const id = this.#store.grantLease(ttlSeconds + leaseShareMs / 1000);
    this.#current.set(ttlSeconds, { id, untilMs: now + leaseShareMs });
    id.catch(() => this.#current.delete(ttlSeconds));
    return id;
  }
}
