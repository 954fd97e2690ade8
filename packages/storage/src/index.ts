/**
 * `@coracle/storage`: the versioned key-value contract under the API server, and its engines.
 *
 * The tour: `store.ts` is the contract, and `conformance.ts` the suite that every engine passes. `history/` holds what engines share: the live
 * entries with their recent past, watchers, leases, snapshots. `memory/` is gone with its process; `embedded/` is durable.
 *
 * ```ts
 * const store = createMemoryStore({ clock });
 * await store.txn({ compare: [{ key: "/a", modRevision: 0 }], success: [{ type: "put", key: "/a", value }] });
 * ```
 */
export * from "./store.ts";
export { createMemoryStore, restoreMemoryStore, type MemoryStoreOptions } from "./memory/memory-store.ts";
export { openEmbeddedStore, type EmbeddedStoreOptions } from "./embedded/embedded-store.ts";
export { lockDirectory } from "./embedded/directory-lock.ts";
