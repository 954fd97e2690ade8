import type { Clock } from "@coracle/base";

interface Lease {
  readonly expiresAtMs: number;
  readonly keys: Set<string>;
  timer: Disposable | undefined;
}

/** Leases with the keys written under them. A key belongs to the lease of its last write. */
export class Leases implements Disposable {
  readonly #clock: Clock;
  readonly #expire: (keys: readonly string[], id: string) => void;
  readonly #leases = new Map<string, Lease>();
  readonly #leaseOf = new Map<string, string>();
  #next = 1;

  constructor(clock: Clock, expire: (keys: readonly string[], id: string) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  grant(ttlSeconds: number): string {
    while (this.#leases.has(String(this.#next))) this.#next++;
    const id = String(this.#next++);
    this.restore(id, this.#clock.now() + ttlSeconds * 1000, []);
    return id;
  }

  /** A lease that was granted before a restart. */
  restore(id: string, expiresAtMs: number, keys: readonly string[]): void {
    const lease: Lease = { expiresAtMs, keys: new Set(keys), timer: undefined };
    this.#leases.set(id, lease);
    for (const key of keys) this.#leaseOf.set(key, id);
    lease.timer = this.#clock.setTimeout(() => this.revoke(id), expiresAtMs - this.#clock.now());
  }

  has(id: string): boolean {
    return this.#leases.has(id);
  }

  describe(id: string): { expiresAtMs: number; keys: string[] } | undefined {
    const lease = this.#leases.get(id);
    return lease === undefined ? undefined : { expiresAtMs: lease.expiresAtMs, keys: [...lease.keys] };
  }

  /** Tells that a key was written, with or without a lease, or deleted. Returns the leases that this changed. */
  attach(key: string, id: string | undefined): string[] {
    const before = this.#leaseOf.get(key);
    if (before === id) return [];
    if (before !== undefined) this.#leases.get(before)?.keys.delete(key);
    const lease = id === undefined ? undefined : this.#leases.get(id);
    if (lease === undefined || id === undefined) this.#leaseOf.delete(key);
    else {
      lease.keys.add(key);
      this.#leaseOf.set(key, id);
    }
    return [before, id].filter((entry) => entry !== undefined);
  }

  revoke(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.timer?.[Symbol.dispose]();
    this.#leases.delete(id);
    for (const key of lease.keys) this.#leaseOf.delete(key);
    this.#expire([...lease.keys], id);
  }

  [Symbol.dispose](): void {
    for (const lease of this.#leases.values()) lease.timer?.[Symbol.dispose]();
    this.#leases.clear();
  }
}
