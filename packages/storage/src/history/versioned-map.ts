import sortedBtree from "sorted-btree";
import { CompactedError, FutureRevisionError, type Entry, type Operation, type StoreEvent } from "../store.ts";

type Tree = import("sorted-btree").default<string, Entry>;

type TreeClass = new (entries?: [string, Entry][], compare?: (left: string, right: string) => number) => Tree;

// A CommonJS module: Node hands over its exports, bundlers and test runners unwrap the default.
const source = sortedBtree as unknown as TreeClass | { default: TreeClass };
const BTree: TreeClass = typeof source === "function" ? source : source.default;

/** One committed revision: what it changed, and how the store looked afterwards. */
interface Version {
  readonly revision: number;
  readonly events: readonly StoreEvent[];
  readonly tree: Tree;
}

export interface VersionedMapOptions {
  /** How many revisions are kept at the most. Defaults to 10000; older ones are forgotten as if compacted. */
  readonly historyLimit?: number;
  /** Told of the revisions whose events are forgotten. */
  readonly onForget?: (revisions: readonly number[]) => void;
}

/**
 * The live entries and their recent past, in memory. Each revision keeps the tree as it was; trees share all they have in common, so that a
 * revision costs a few nodes and a fork nothing.
 */
export class VersionedMap {
  readonly #historyLimit: number;
  readonly #onForget: (revisions: readonly number[]) => void;
  #tree: Tree;
  #revision: number;
  #compacted: number;
  /** Consecutive, the oldest first. */
  #versions: Version[] = [];

  constructor(options: VersionedMapOptions = {}, start: { tree?: Tree; revision?: number } = {}) {
    this.#historyLimit = options.historyLimit ?? 10_000;
    this.#onForget = options.onForget ?? (() => {});
    this.#tree = start.tree ?? new BTree(undefined, compareKeys);
    this.#revision = start.revision ?? 1;
    this.#compacted = this.#revision - 1;
    this.#versions = [{ revision: this.#revision, events: [], tree: this.#tree }];
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compacted;
  }

  get size(): number {
    return this.#tree.size;
  }

  current(key: string): Entry | undefined {
    return this.#tree.get(key);
  }

  /** Takes over what was on disk, before anything else happens. Events must be those of the last revisions, in order. */
  restore(saved: {
    entries: Iterable<Entry>;
    revisions?: readonly { revision: number; events: readonly StoreEvent[] }[];
    revision: number;
    compacted: number;
  }): void {
    const { entries, revisions = [], revision, compacted } = saved;
    const live = new BTree(undefined, compareKeys);
    for (const entry of entries) live.set(entry.key, entry);
    // Back to the oldest known state, and forward again: each revision gets its tree.
    const tree = live.clone();
    for (const { events } of revisions.toReversed()) {
      for (const { key, previous } of events) {
        if (previous === undefined) tree.delete(key);
        else tree.set(key, previous);
      }
    }
    this.#tree = tree;
    const oldest = (revisions[0]?.revision ?? revision + 1) - 1;
    this.#compacted = Math.max(compacted, oldest - 1);
    this.#versions = [{ revision: oldest, events: [], tree }];
    for (const version of revisions) this.replay(version.revision, version.events);
    this.#tree = live;
    this.#revision = revision;
  }

  /** Applies operations as the next revision. Deletions of absent keys do nothing; without any change there is no new revision. */
  commit(operations: readonly Operation[]): { revision: number; events: readonly StoreEvent[] } {
    const revision = this.#revision + 1;
    const events = this.eventsOf(operations, revision);
    if (events.length === 0) return { revision: this.#revision, events };
    this.replay(revision, events);
    return { revision, events };
  }

  /** What `operations` would change as `revision`. */
  eventsOf(operations: readonly Operation[], revision: number): StoreEvent[] {
    const events: StoreEvent[] = [];
    for (const operation of operations) {
      const previous = this.#tree.get(operation.key);
      if (operation.type === "delete") {
        if (previous !== undefined) events.push({ type: "delete", key: operation.key, previous });
        continue;
      }
      const entry: Entry = {
        key: operation.key,
        value: operation.value,
        createRevision: previous?.createRevision ?? revision,
        modRevision: revision,
      };
      events.push({ type: "put", key: operation.key, entry, ...(previous === undefined ? {} : { previous }) });
    }
    return events;
  }

  /** Takes over a revision that is decided already. */
  replay(revision: number, events: readonly StoreEvent[]): void {
    const tree = this.#tree.clone();
    for (const event of events) {
      if (event.entry === undefined) tree.delete(event.key);
      else tree.set(event.key, event.entry);
    }
    this.#tree = tree;
    this.#revision = revision;
    this.#versions.push({ revision, events, tree });
    // In steps, since shifting a long array one by one is slow.
    if (this.#versions.length > this.#historyLimit * 1.25)
      this.compact(this.#versions[this.#versions.length - this.#historyLimit]?.revision ?? 0);
  }

  /** @throws {CompactedError} {@link FutureRevisionError} */
  get(key: string, revision?: number): Entry | undefined {
    return this.#treeAt(revision).get(key);
  }

  /** @throws {CompactedError} {@link FutureRevisionError} */
  range(start: string, end: string, options: { limit?: number; revision?: number }): { entries: Entry[]; count: number } {
    const tree = this.#treeAt(options.revision);
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const entries: Entry[] = [];
    let count = 0;
    tree.forRange(start, end, false, (_key, entry) => {
      if (count++ < limit) entries.push(entry);
    });
    return { entries, count };
  }

  /** Events after `fromRevision` under `prefix`, by revision. @throws {CompactedError} when some are forgotten. */
  since(fromRevision: number, prefix: string): { revision: number; events: readonly StoreEvent[] }[] {
    if (fromRevision < this.#compacted) throw new CompactedError(this.#compacted);
    const first = this.#indexOf(fromRevision + 1);
    return this.#versions
      .slice(Math.max(0, first))
      .map((version) => ({ revision: version.revision, events: version.events.filter((event) => event.key.startsWith(prefix)) }))
      .filter((version) => version.events.length > 0);
  }

  /** Forgets what was before `revision`. @throws {CompactedError} {@link FutureRevisionError} */
  compact(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(this.#revision);
    if (revision <= this.#compacted) throw new CompactedError(this.#compacted);
    this.#compacted = revision;
    // The revision itself stays readable, as etcd keeps it.
    const kept = this.#versions.findIndex((version) => version.revision >= revision);
    const gone = this.#versions.splice(0, kept < 0 ? this.#versions.length : kept);
    this.#onForget(gone.map((version) => version.revision));
  }

  entries(): IterableIterator<Entry> {
    return this.#tree.clone().values();
  }

  /** A map of its own that begins as this one is now. */
  fork(): VersionedMap {
    return new VersionedMap({ historyLimit: this.#historyLimit }, { tree: this.#tree.clone(), revision: this.#revision });
  }

  #treeAt(revision: number | undefined): Tree {
    if (revision === undefined || revision === 0 || revision === this.#revision) return this.#tree;
    if (revision > this.#revision) throw new FutureRevisionError(this.#revision);
    if (revision < this.#compacted) throw new CompactedError(this.#compacted);
    const version = this.#versions[this.#indexOf(revision)];
    if (version === undefined) throw new CompactedError(this.#compacted);
    return version.tree;
  }

  #indexOf(revision: number): number {
    return revision - (this.#versions[0]?.revision ?? this.#revision + 1);
  }
}

/** Keys are ASCII paths, so that the order of code units is the order of bytes. */
function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
