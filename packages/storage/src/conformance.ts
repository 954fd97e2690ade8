import { afterEach, beforeEach, describe, expect, it } from "vitest";
import fc from "fast-check";
import type { VirtualClock } from "@coracle/base";
import { CompactedError, FutureRevisionError, prefixEnd, UnknownLeaseError, type Store, type StoreEvent } from "./store.ts";

/** What an engine must provide to be tried. */
export interface EngineFixture {
  readonly store: Store;
  readonly clock: VirtualClock;
  dispose(): Promise<void>;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined => (value === undefined ? undefined : Buffer.from(value).toString());

/** The suite that every engine passes. */
export function storeConformance(name: string, open: () => Promise<EngineFixture>): void {
  describe(`${name} as a store`, () => {
    let fixture: EngineFixture;
    let store: Store;
    const put = async (key: string, value: string): Promise<number> =>
      (await store.txn({ compare: [], success: [{ type: "put", key, value: bytes(value) }] })).revision;
    const remove = async (key: string): Promise<number> => (await store.txn({ compare: [], success: [{ type: "delete", key }] })).revision;
    const record = (): {
      revisions: number[];
      lines: string[];
      listener: { onEvents(revision: number, events: readonly StoreEvent[]): void; onError(error: Error): void };
    } => {
      const revisions: number[] = [];
      const lines: string[] = [];
      return {
        revisions,
        lines,
        listener: {
          onEvents(revision, events) {
            revisions.push(revision);
            for (const event of events)
              lines.push(`${event.type} ${event.key} ${text(event.entry?.value) ?? ""}<${text(event.previous?.value) ?? ""}`);
          },
          onError(error) {
            throw error;
          },
        },
      };
    };

    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterEach(() => fixture.dispose());

    it("gives each writing transaction the next revision", async () => {
      const start = await store.currentRevision();
      expect(await put("/a", "1")).toBe(start + 1);
      const both = await store.txn({
        compare: [],
        success: [
          { type: "put", key: "/b", value: bytes("1") },
          { type: "put", key: "/c", value: bytes("1") },
        ],
      });
      expect(both).toMatchObject({ succeeded: true, revision: start + 2 });
      expect(await remove("/none")).toBe(start + 2);
      expect(await put("/a", "2")).toBe(start + 3);
      expect((await store.get("/a")).entry).toMatchObject({ createRevision: start + 1, modRevision: start + 3 });
      expect((await store.get("/c")).entry).toMatchObject({ createRevision: start + 2, modRevision: start + 2 });
    });

    it("compares before it writes, and reads when it does not", async () => {
      const revision = await put("/a", "1");
      const refused = await store.txn({
        compare: [{ key: "/a", modRevision: 0 }],
        success: [{ type: "put", key: "/a", value: bytes("x") }],
        failureReads: ["/a", "/b"],
      });
      expect(refused.succeeded).toBe(false);
      expect(refused.reads.map((entry) => text(entry?.value))).toEqual(["1", undefined]);
      const accepted = await store.txn({
        compare: [
          { key: "/a", modRevision: revision },
          { key: "/b", modRevision: 0 },
        ],
        success: [{ type: "put", key: "/a", value: bytes("2") }],
      });
      expect(accepted.succeeded).toBe(true);
      expect(text((await store.get("/a")).entry?.value)).toBe("2");
    });

    it("lets one of many that compare the same win", async () => {
      const attempts = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          store.txn({ compare: [{ key: "/lock", modRevision: 0 }], success: [{ type: "put", key: "/lock", value: bytes(String(index)) }] }),
        ),
      );
      expect(attempts.filter((attempt) => attempt.succeeded)).toHaveLength(1);
    });

    it("reads ranges in order, with limits and at past revisions", async () => {
      for (const key of ["/a/2", "/a/1", "/b/1", "/a/3"]) await put(key, key);
      const before = await store.currentRevision();
      await remove("/a/2");
      await put("/a/1", "new");
      const range = async (options: { limit?: number; revision?: number }): Promise<{ keys: string[]; count: number }> => {
        const { entries, count } = await store.range({ start: "/a/", end: prefixEnd("/a/"), ...options });
        return { keys: entries.map((entry) => `${entry.key}=${text(entry.value)}`), count };
      };
      expect(await range({})).toEqual({ keys: ["/a/1=new", "/a/3=/a/3"], count: 2 });
      expect(await range({ revision: before })).toEqual({ keys: ["/a/1=/a/1", "/a/2=/a/2", "/a/3=/a/3"], count: 3 });
      expect(await range({ limit: 1 })).toEqual({ keys: ["/a/1=new"], count: 2 });
      expect(text((await store.get("/a/2", { revision: before })).entry?.value)).toBe("/a/2");
      await expect(store.get("/a/1", { revision: before + 100 })).rejects.toThrow(FutureRevisionError);
    });

    it("forgets what was compacted", async () => {
      await put("/a", "1");
      const second = await put("/a", "2");
      const third = await put("/a", "3");
      await store.compact(second);
      expect(store.compactedRevision()).toBe(second);
      await expect(store.get("/a", { revision: second - 1 })).rejects.toThrow(CompactedError);
      expect(text((await store.get("/a", { revision: second })).entry?.value)).toBe("2");
      await expect(store.watch({ prefix: "/", fromRevision: second - 1 }, record().listener)).rejects.toThrow(CompactedError);
      const seen = record();
      (await store.watch({ prefix: "/", fromRevision: second }, seen.listener))[Symbol.dispose]();
      expect(seen.revisions).toEqual([third]);
      await expect(store.compact(second)).rejects.toThrow(CompactedError);
      await expect(store.compact(third + 1)).rejects.toThrow(FutureRevisionError);
    });

    it("tells watchers of history, then of changes, a call for each revision, before the writer knows", async () => {
      const start = await store.currentRevision();
      await put("/w/a", "1");
      await put("/other", "1");
      const seen = record();
      const watcher = await store.watch({ prefix: "/w/", fromRevision: start }, seen.listener);
      await store.txn({
        compare: [],
        success: [
          { type: "put", key: "/w/b", value: bytes("1") },
          { type: "put", key: "/w/a", value: bytes("2") },
        ],
      });
      expect(seen.lines).toEqual(["put /w/a 1<", "put /w/b 1<", "put /w/a 2<1"]);
      await remove("/w/a");
      expect(seen.lines.at(-1)).toBe("delete /w/a <2");
      expect(seen.revisions).toEqual([start + 1, start + 3, start + 4]);
      watcher[Symbol.dispose]();
      await put("/w/c", "1");
      expect(seen.revisions).toHaveLength(3);
    });

    it("deletes what a lease holds when it ends", async () => {
      const lease = await store.grantLease(10);
      await store.txn({
        compare: [],
        success: [
          { type: "put", key: "/l/a", value: bytes("1"), leaseId: lease },
          { type: "put", key: "/l/b", value: bytes("1"), leaseId: lease },
        ],
      });
      await put("/l/b", "kept: written again without the lease");
      await fixture.clock.advance(9_000);
      expect((await store.get("/l/a")).entry).toBeDefined();
      await fixture.clock.advance(2_000);
      await expect.poll(async () => (await store.get("/l/a")).entry).toBeUndefined();
      expect((await store.get("/l/b")).entry).toBeDefined();
      await expect(store.txn({ compare: [], success: [{ type: "put", key: "/l/c", value: bytes("1"), leaseId: lease }] })).rejects.toThrow(
        UnknownLeaseError,
      );
      const revoked = await store.grantLease(1000);
      await store.txn({ compare: [], success: [{ type: "put", key: "/l/d", value: bytes("1"), leaseId: revoked }] });
      await store.revokeLease(revoked);
      await expect.poll(async () => (await store.get("/l/d")).entry).toBeUndefined();
    });

    it("forks into a store of its own", async () => {
      await put("/a", "1");
      const fork = await store.fork();
      await fork.txn({ compare: [], success: [{ type: "put", key: "/a", value: bytes("fork") }] });
      await put("/b", "original");
      expect(text((await store.get("/a")).entry?.value)).toBe("1");
      expect(text((await fork.get("/a")).entry?.value)).toBe("fork");
      expect((await fork.get("/b")).entry).toBeUndefined();
      await fork[Symbol.asyncDispose]();
    });

    it("agrees with a naive model", async () => {
      const operation = fc.record({
        key: fc.constantFrom("/a", "/b", "/c", "/d"),
        value: fc.option(fc.string({ maxLength: 4 }), { nil: undefined }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(operation, { minLength: 1, maxLength: 3 }), { maxLength: 12 }), async (transactions) => {
          const fork = await store.fork();
          const states = new Map<number, Map<string, string>>([[await fork.currentRevision(), new Map()]]);
          let state = new Map<string, string>();
          for (const operations of transactions) {
            const unique = [...new Map(operations.map((entry) => [entry.key, entry])).values()];
            const { revision } = await fork.txn({
              compare: [],
              success: unique.map(({ key, value }) =>
                value === undefined ? { type: "delete", key } : { type: "put", key, value: bytes(value) },
              ),
            });
            state = new Map(state);
            for (const { key, value } of unique)
              if (value === undefined) state.delete(key);
              else state.set(key, value);
            states.set(revision, state);
          }
          for (const [revision, expected] of states) {
            const { entries } = await fork.range({ start: "/", end: prefixEnd("/"), revision });
            expect(entries.map((entry) => [entry.key, text(entry.value)])).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)));
          }
          await fork[Symbol.asyncDispose]();
        }),
        { numRuns: 40 },
      );
    });
  });
}
