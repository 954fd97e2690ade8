import type { Clock } from "@coracle/base";
import { Leases } from "../history/leases.ts";
import { readSnapshot, writeSnapshot } from "../history/snapshot.ts";
import { VersionedMap, type VersionedMapOptions } from "../history/versioned-map.ts";
import { Watchers } from "../history/watchers.ts";
import {
  UnknownLeaseError,
  type Entry,
  type RangeOptions,
  type RangeResult,
  type ReadOptions,
  type Store,
  type Transaction,
  type TransactionResult,
  type WatchListener,
  type WatchOptions,
} from "../store.ts";

export interface MemoryStoreOptions extends VersionedMapOptions {
  /** For leases. */
  readonly clock: Clock;
}

/** A store that is gone with its process: for tests and ephemeral clusters. */
export function createMemoryStore(options: MemoryStoreOptions): Store {
  return new MemoryStore(options, new VersionedMap(options));
}

/** A memory store with the contents of a snapshot. @throws {StoreDamagedError} */
export async function restoreMemoryStore(options: MemoryStoreOptions, snapshot: AsyncIterable<Uint8Array>): Promise<Store> {
  const { revision, entries } = await readSnapshot(snapshot);
  const map = new VersionedMap(options);
  map.restore({ entries, revision, compacted: revision - 1 });
  return new MemoryStore(options, map);
}

/** A memory store that begins as `map` is. */
export function createMemoryStoreFrom(options: MemoryStoreOptions, map: VersionedMap): Store {
  return new MemoryStore(options, map);
}

class MemoryStore implements Store {
  readonly #options: MemoryStoreOptions;
  readonly #map: VersionedMap;
  readonly #watchers = new Watchers();
  readonly #leases: Leases;

  constructor(options: MemoryStoreOptions, map: VersionedMap) {
    this.#options = options;
    this.#map = map;
    this.#leases = new Leases(options.clock, (keys) => this.#deleteExpired(keys));
  }

  async currentRevision(): Promise<number> {
    return this.#map.revision;
  }

  compactedRevision(): number {
    return this.#map.compactedRevision;
  }

  async get(key: string, options: ReadOptions = {}): Promise<{ entry: Entry | undefined; revision: number }> {
    return { entry: this.#map.get(key, options.revision), revision: this.#map.revision };
  }

  async range({ start, end, ...options }: RangeOptions): Promise<RangeResult> {
    return { ...this.#map.range(start, end, options), revision: this.#map.revision };
  }

  async txn({ compare, success, failureReads = [] }: Transaction): Promise<TransactionResult> {
    const holds = compare.every(({ key, modRevision }) => (this.#map.current(key)?.modRevision ?? 0) === modRevision);
    if (!holds) return { succeeded: false, revision: this.#map.revision, reads: failureReads.map((key) => this.#map.current(key)) };
    for (const operation of success) {
      if (operation.type === "put" && operation.leaseId !== undefined && !this.#leases.has(operation.leaseId))
        throw new UnknownLeaseError(operation.leaseId);
    }
    const { revision, events } = this.#map.commit(success);
    for (const operation of success) this.#leases.attach(operation.key, operation.type === "put" ? operation.leaseId : undefined);
    if (events.length > 0) this.#watchers.notify(revision, events);
    return { succeeded: true, revision, reads: [] };
  }

  async watch({ prefix, fromRevision }: WatchOptions, listener: WatchListener): Promise<Disposable> {
    const missed = fromRevision === undefined ? [] : this.#map.since(fromRevision, prefix);
    const watcher = this.#watchers.add(prefix, listener);
    for (const { revision, events } of missed) listener.onEvents(revision, events);
    return watcher;
  }

  async compact(revision: number): Promise<void> {
    this.#map.compact(revision);
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    return this.#leases.grant(ttlSeconds);
  }

  async revokeLease(leaseId: string): Promise<void> {
    this.#leases.revoke(leaseId);
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return writeSnapshot(this.#map.entries(), this.#map.revision);
  }

  async fork(): Promise<Store> {
    return new MemoryStore(this.#options, this.#map.fork());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leases[Symbol.dispose]();
  }

  #deleteExpired(keys: readonly string[]): void {
    const { revision, events } = this.#map.commit(keys.map((key) => ({ type: "delete", key })));
    if (events.length > 0) this.#watchers.notify(revision, events);
  }
}
