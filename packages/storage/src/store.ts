/**
 * The versioned key-value contract (shaped like etcd's). Every engine passes the suite in `conformance.ts`.
 *
 * One revision counter serves the whole store; each successful transaction that writes takes the next revision, whatever the
 * number of keys. Acknowledged means durable: a promise of {@link Store.txn} resolves only after the engine's promise of
 * durability holds. Watchers have been called with a revision's events before the transaction that made it resolves
 * (engines in this process) — a reader who saw the answer also sees the change in its cache.
 */
export interface Store extends AsyncDisposable {
  /** Newest committed revision; linearizable. */
  currentRevision(): Promise<number>;
  /** Revisions at or below are no longer readable; 0 when nothing was compacted. */
  compactedRevision(): number;

  /** @throws {CompactedError} when `revision` is compacted, {@link FutureRevisionError} when it is not reached yet. */
  get(key: string, options?: ReadOptions): Promise<{ entry: Entry | undefined; revision: number }>;
  /** Entries of `[start, end)` in key order (UTF-8 byte order). Errors as {@link Store.get}. */
  range(options: RangeOptions): Promise<RangeResult>;
  /** Applies `success` if every comparison holds, otherwise reads `failure`; atomic. */
  txn(transaction: Transaction): Promise<TransactionResult>;
  /**
   * Calls `listener` with events in revision order; all events of one revision arrive in one call. Starts with history
   * after `fromRevision` (exclusive), then goes on live.
   * @throws {CompactedError} when history from there is gone.
   */
  watch(options: WatchOptions, listener: WatchListener): Promise<Disposable>;
  /** Forgets superseded versions at or below `revision`. */
  compact(revision: number): Promise<void>;

  /** Keys written with the lease go when it expires. Returns its id. */
  grantLease(ttlSeconds: number): Promise<string>;
  revokeLease(leaseId: string): Promise<void>;

  /** A consistent copy of the live keys at one revision, streamable to a file. */
  snapshot(): AsyncIterable<Uint8Array>;
  /** A copy-on-write branch of the store as it is now, kept in memory. Engines that cannot refuse with {@link UnsupportedError}. */
  fork(): Promise<Store>;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
}

export interface ReadOptions {
  /** Read as of this revision; defaults to the newest. */
  readonly revision?: number;
}

export interface RangeOptions extends ReadOptions {
  /** Inclusive. */
  readonly start: string;
  /** Exclusive; see {@link prefixEnd}. */
  readonly end: string;
  /** Defaults to no limit. */
  readonly limit?: number;
}

export interface RangeResult {
  readonly entries: readonly Entry[];
  /** The store's revision that the answer reflects. */
  readonly revision: number;
  /** Entries in the whole range, whatever the limit. */
  readonly count: number;
}

export type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: Uint8Array; readonly leaseId?: string }
  | { readonly type: "delete"; readonly key: string };

export interface Transaction {
  /** `modRevision` 0 means: the key does not exist. */
  readonly compare: readonly { readonly key: string; readonly modRevision: number }[];
  readonly success: readonly Operation[];
  /** Keys to read when a comparison fails. */
  readonly failureReads?: readonly string[];
}

export interface TransactionResult {
  readonly succeeded: boolean;
  /** The revision of the write, or the current one when it did not happen. */
  readonly revision: number;
  /** The entries of `failureReads`, in order. */
  readonly reads: readonly (Entry | undefined)[];
}

export interface WatchOptions {
  readonly prefix: string;
  /** Exclusive; defaults to now. */
  readonly fromRevision?: number;
}

export interface StoreEvent {
  readonly type: "put" | "delete";
  readonly key: string;
  /** Absent for deletions. */
  readonly entry?: Entry;
  readonly previous?: Entry;
}

export interface WatchListener {
  onEvents(revision: number, events: readonly StoreEvent[]): void;
  /** Nothing at or below `revision` will come any more; lets idle watchers advance. */
  onProgress?(revision: number): void;
  /** The watch ended for good (compaction overtook it, connection lost); the owner must start again. */
  onError(error: Error): void;
}

/** History at the asked revision is gone: clients get 410 Expired. */
export class CompactedError extends Error {
  override readonly name = "CompactedError";
  readonly compactedRevision: number;
  constructor(compactedRevision: number) {
    super("required revision has been compacted");
    this.compactedRevision = compactedRevision;
  }
}

export class FutureRevisionError extends Error {
  override readonly name = "FutureRevisionError";
  readonly currentRevision: number;
  constructor(currentRevision: number) {
    super("required revision is a future revision");
    this.currentRevision = currentRevision;
  }
}

/** The engine does not offer the operation. */
export class UnsupportedError extends Error {
  override readonly name = "UnsupportedError";
}

/** Another process has the data directory open. */
export class StoreLockedError extends Error {
  override readonly name = "StoreLockedError";
  readonly holderPid: number | undefined;
  constructor(directory: string, holderPid: number | undefined) {
    super(`data directory ${directory} is in use by process ${holderPid ?? "unknown"}`);
    this.holderPid = holderPid;
  }
}

/** The files on disk are not a readable store. */
export class StoreDamagedError extends Error {
  override readonly name = "StoreDamagedError";
}

/** A write names a lease that was never granted, or has expired. */
export class UnknownLeaseError extends Error {
  override readonly name = "UnknownLeaseError";
  constructor(leaseId: string) {
    super(`requested lease ${leaseId} not found`);
  }
}

/** The smallest key greater than every key with `prefix`. */
export function prefixEnd(prefix: string): string {
  // Keys are ASCII paths, so that code-unit order is byte order; U+FFFF sorts after all of them.
  return `${prefix}\uffff`;
}
