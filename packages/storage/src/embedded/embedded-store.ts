import { mkdirSync } from "node:fs";
import { createDeferred, type Clock, type Deferred, type Logger } from "@coracle/base";
import { Leases } from "../history/leases.ts";
import { writeSnapshot } from "../history/snapshot.ts";
import { VersionedMap, type VersionedMapOptions } from "../history/versioned-map.ts";
import { Watchers } from "../history/watchers.ts";
import { createMemoryStoreFrom } from "../memory/memory-store.ts";
import {
  StoreDamagedError,
  UnknownLeaseError,
  type Entry,
  type RangeOptions,
  type RangeResult,
  type ReadOptions,
  type Store,
  type StoreEvent,
  type Transaction,
  type TransactionResult,
  type WatchListener,
  type WatchOptions,
} from "../store.ts";
import { Database, type LeaseRecord } from "./database.ts";
import { lockDirectory } from "./directory-lock.ts";

export interface EmbeddedStoreOptions extends VersionedMapOptions {
  /** Made when missing; one process at a time. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A durable store in a directory of this machine. Transactions that wait are committed together with one sync to disk.
 * @throws {StoreLockedError} {@link StoreDamagedError}, and the system's errors for permissions and space.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  makeDirectory(options.directory);
  const lock = lockDirectory(options.directory);
  let database: Database | undefined;
  try {
    database = await Database.open(options.directory);
    return new EmbeddedStore(options, database, lock);
  } catch (error) {
    await database?.close();
    lock[Symbol.dispose]();
    throw error;
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTDIR") throw new StoreDamagedError(`${directory} is no directory`, { cause: error });
    throw error;
  }
}

/** Transactions committed with one sync, at the most. */
const groupLimit = 1000;
/** Revisions forgotten with one commit, so that compaction never holds up writers for long. */
const compactionStep = 500;

interface Waiting {
  readonly transaction: Transaction;
  readonly result: Deferred<TransactionResult>;
}

class EmbeddedStore implements Store {
  readonly #options: EmbeddedStoreOptions;
  readonly #database: Database;
  readonly #lock: Disposable;
  readonly #map: VersionedMap;
  readonly #watchers = new Watchers();
  readonly #leases: Leases;
  /** Leases that changed since the last commit. */
  readonly #changedLeases = new Set<string>();
  #waiting: Waiting[] = [];
  /** Revisions whose events are still on disk though they are compacted. */
  #forgotten: number[] = [];
  #isCommitting = false;
  #isClosed = false;
  #idle: Deferred<void> | undefined;

  constructor(options: EmbeddedStoreOptions, database: Database, lock: Disposable) {
    this.#options = options;
    this.#database = database;
    this.#lock = lock;
    this.#map = new VersionedMap({ ...options, onForget: (revisions) => this.#forgotten.push(...revisions) });
    this.#leases = new Leases(options.clock, (keys, id) => this.#expire(keys, id));
    const { meta, entries, revisions, leases } = database.read();
    if (meta !== undefined) this.#map.restore({ entries, revisions, ...meta });
    for (const lease of leases) this.#leases.restore(lease.id, lease.expiresAtMs, lease.keys);
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

  txn(transaction: Transaction): Promise<TransactionResult> {
    if (this.#isClosed) return Promise.reject(new Error("the store is closed"));
    const result = createDeferred<TransactionResult>();
    this.#waiting.push({ transaction, result });
    this.#wake();
    return result.promise;
  }

  async watch({ prefix, fromRevision }: WatchOptions, listener: WatchListener): Promise<Disposable> {
    const missed = fromRevision === undefined ? [] : this.#map.since(fromRevision, prefix);
    const watcher = this.#watchers.add(prefix, listener);
    for (const { revision, events } of missed) listener.onEvents(revision, events);
    return watcher;
  }

  async compact(revision: number): Promise<void> {
    this.#map.compact(revision);
    this.#wake();
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    const id = this.#leases.grant(ttlSeconds);
    this.#changedLeases.add(id);
    return id;
  }

  async revokeLease(leaseId: string): Promise<void> {
    this.#leases.revoke(leaseId);
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return writeSnapshot(this.#map.entries(), this.#map.revision);
  }

  async fork(): Promise<Store> {
    return createMemoryStoreFrom(this.#options, this.#map.fork());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leases[Symbol.dispose]();
    if (this.#isCommitting) await (this.#idle ??= createDeferred()).promise;
    await this.#database.close();
    this.#lock[Symbol.dispose]();
  }

  #wake(): void {
    if (this.#isCommitting) return;
    this.#isCommitting = true;
    // Everything that is asked for in this turn shares the first commit.
    queueMicrotask(() => void this.#commitAll());
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0 || this.#forgotten.length > 0) {
      const group = this.#waiting.splice(0, groupLimit);
      await this.#commitGroup(group);
    }
    this.#isCommitting = false;
    this.#idle?.resolve();
  }

  /** Decides each transaction in turn, writes all of them at once, and only then shows them. */
  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    const draft = this.#map.fork();
    const revisions: { revision: number; events: readonly StoreEvent[] }[] = [];
    const answers: (() => void)[] = [];
    for (const { transaction, result } of group) {
      try {
        const { answer, committed } = this.#decide(draft, transaction);
        if (committed !== undefined) revisions.push(committed);
        answers.push(() => result.resolve(answer));
      } catch (error) {
        answers.push(() => result.reject(error));
      }
    }
    const forgotten = this.#forgotten.splice(0, compactionStep);
    try {
      if (revisions.length > 0 || forgotten.length > 0) {
        const meta = { revision: draft.revision, compacted: this.#map.compactedRevision };
        await this.#database.write({ revisions, meta, forgottenRevisions: forgotten, ...this.#takeLeaseChanges() });
      }
    } catch (error) {
      this.#options.log.error("cannot write to disk", { error });
      this.#forgotten.push(...forgotten);
      for (const { result } of group) result.reject(error);
      return;
    }
    for (const { revision, events } of revisions) {
      this.#map.replay(revision, events);
      this.#watchers.notify(revision, events);
    }
    for (const answer of answers) answer();
  }

  #decide(
    draft: VersionedMap,
    { compare, success, failureReads = [] }: Transaction,
  ): { answer: TransactionResult; committed?: { revision: number; events: readonly StoreEvent[] } } {
    const holds = compare.every(({ key, modRevision }) => (draft.current(key)?.modRevision ?? 0) === modRevision);
    if (!holds) return { answer: { succeeded: false, revision: draft.revision, reads: failureReads.map((key) => draft.current(key)) } };
    for (const operation of success) {
      if (operation.type === "put" && operation.leaseId !== undefined && !this.#leases.has(operation.leaseId))
        throw new UnknownLeaseError(operation.leaseId);
    }
    const committed = draft.commit(success);
    for (const operation of success) {
      const id = operation.type === "put" ? operation.leaseId : undefined;
      for (const changed of this.#leases.attach(operation.key, id)) this.#changedLeases.add(changed);
    }
    const answer = { succeeded: true, revision: committed.revision, reads: [] };
    return committed.events.length === 0 ? { answer } : { answer, committed };
  }

  #takeLeaseChanges(): { leases: LeaseRecord[]; goneLeases: string[] } {
    const leases: LeaseRecord[] = [];
    const goneLeases: string[] = [];
    for (const id of this.#changedLeases) {
      const lease = this.#leases.describe(id);
      if (lease === undefined) goneLeases.push(id);
      else leases.push({ id, ...lease });
    }
    this.#changedLeases.clear();
    return { leases, goneLeases };
  }

  #expire(keys: readonly string[], id: string): void {
    this.#changedLeases.add(id);
    this.txn({ compare: [], success: keys.map((key) => ({ type: "delete", key })) }).catch((error: unknown) =>
      this.#options.log.warn("cannot delete what a lease held", { error }),
    );
  }
}
