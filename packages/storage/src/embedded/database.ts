import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RootDatabase } from "lmdb";
import { StoreDamagedError, type Entry, type StoreEvent } from "../store.ts";
import { checkDatabaseFile } from "./file-check.ts";
import { decodeEntry, decodeEvents, encodeEntry, encodeEvents } from "./record.ts";

const entryPrefix = "e";
const revisionPrefix = "r";
const metaKey = "m";
const leasePrefix = "l";
const format = "coracle-store/1";

/** What the database says of itself. */
export interface Meta {
  readonly revision: number;
  readonly compacted: number;
}

export interface LeaseRecord {
  readonly id: string;
  readonly expiresAtMs: number;
  readonly keys: readonly string[];
}

/** All that the database holds. */
export interface Records {
  readonly meta: Meta | undefined;
  readonly entries: Entry[];
  readonly revisions: { readonly revision: number; readonly events: StoreEvent[] }[];
  readonly leases: LeaseRecord[];
}

/** One commit: everything in it is on disk, or nothing is. */
export interface Batch {
  readonly revisions: readonly { readonly revision: number; readonly events: readonly StoreEvent[] }[];
  readonly meta: Meta;
  readonly forgottenRevisions?: readonly number[];
  readonly leases?: readonly LeaseRecord[];
  readonly goneLeases?: readonly string[];
}

/** The database on disk: live entries, the events of recent revisions, leases, and what it says of itself. */
export class Database {
  readonly #root: RootDatabase<Buffer, string>;

  private constructor(root: RootDatabase<Buffer, string>) {
    this.#root = root;
  }

  /** Opens or makes the database in `directory`. @throws {StoreDamagedError} */
  static async open(directory: string): Promise<Database> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    checkDatabaseFile(join(directory, "data.mdb"));
    // Only clusters that keep their data pay for the native module.
    const { open } = await import("lmdb");
    try {
      // Without overlapping sync a commit is acknowledged when it is on disk, not when it is in the page cache.
      return new Database(
        open<Buffer, string>({
          path: directory,
          noSubdir: false,
          encoding: "binary",
          overlappingSync: false,
          keyEncoding: "ordered-binary",
        }),
      );
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "EACCES" || code === "EPERM" || code === "ENOSPC" || code === "EROFS") throw cause;
      throw new StoreDamagedError(`the database cannot be opened: ${(cause as Error).message}`, { cause });
    }
  }

  /** @throws {StoreDamagedError} when a record is damaged or of another format. */
  read(): Records {
    try {
      return this.#readRecords();
    } catch (cause) {
      if (cause instanceof StoreDamagedError) throw cause;
      throw new StoreDamagedError(`the database cannot be read: ${(cause as Error).message}`, { cause });
    }
  }

  #readRecords(): Records {
    const meta = this.#readMeta();
    const entries: Entry[] = [];
    const revisions: { revision: number; events: StoreEvent[] }[] = [];
    const leases: LeaseRecord[] = [];
    for (const { key, value } of this.#root.getRange()) {
      if (key === metaKey) continue;
      // The database lends its memory only until the next read.
      const bytes = Buffer.from(value);
      const name = key.slice(1);
      if (key.startsWith(entryPrefix)) entries.push(decodeEntry(name, bytes));
      else if (key.startsWith(revisionPrefix)) revisions.push({ revision: Number(name), events: decodeEvents(Number(name), bytes) });
      else if (key.startsWith(leasePrefix)) leases.push(JSON.parse(bytes.toString("utf8")) as LeaseRecord);
      else throw new StoreDamagedError("the database holds a record of an unknown kind");
    }
    if (meta === undefined && entries.length > 0) throw new StoreDamagedError("the database lacks its description");
    return { meta, entries, revisions, leases };
  }

  #readMeta(): Meta | undefined {
    const bytes = this.#root.get(metaKey);
    if (bytes === undefined) return undefined;
    let meta: Meta & { format?: string };
    try {
      meta = JSON.parse(bytes.toString("utf8")) as Meta & { format?: string };
    } catch (cause) {
      throw new StoreDamagedError("the database's description is unreadable", { cause });
    }
    if (meta.format !== format) throw new StoreDamagedError(`the database has the unknown format ${JSON.stringify(meta.format)}`);
    return meta;
  }

  /** Resolves when the batch is on disk. */
  async write(batch: Batch): Promise<void> {
    await this.#root.batch(() => {
      for (const { revision, events } of batch.revisions) {
        void this.#root.put(revisionKey(revision), encodeEvents(events));
        for (const event of events) {
          if (event.entry === undefined) void this.#root.remove(entryPrefix + event.key);
          else void this.#root.put(entryPrefix + event.key, encodeEntry(event.entry));
        }
      }
      for (const revision of batch.forgottenRevisions ?? []) void this.#root.remove(revisionKey(revision));
      for (const lease of batch.leases ?? []) void this.#root.put(leasePrefix + lease.id, Buffer.from(JSON.stringify(lease)));
      for (const id of batch.goneLeases ?? []) void this.#root.remove(leasePrefix + id);
      void this.#root.put(metaKey, Buffer.from(JSON.stringify({ format, ...batch.meta })));
    });
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

/** Zero-padded, so that the order of keys is the order of revisions. */
function revisionKey(revision: number): string {
  return revisionPrefix + String(revision).padStart(16, "0");
}
