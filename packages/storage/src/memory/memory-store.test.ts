import { expect, it } from "vitest";
import { VirtualClock } from "@coracle/base";
import { storeConformance } from "../conformance.ts";
import { CompactedError, StoreDamagedError } from "../store.ts";
import { createMemoryStore, restoreMemoryStore } from "./memory-store.ts";

storeConformance("the memory engine", async () => {
  const clock = new VirtualClock();
  const store = createMemoryStore({ clock });
  return { store, clock, dispose: async () => store[Symbol.asyncDispose]() };
});

it("comes back from a snapshot, and notices a damaged one", async () => {
  const clock = new VirtualClock();
  const store = createMemoryStore({ clock });
  for (let index = 0; index < 600; index++)
    await store.txn({ compare: [], success: [{ type: "put", key: `/k/${index}`, value: Buffer.from(`v${index}`) }] });
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.snapshot()) chunks.push(chunk);
  const stream = async function* (parts: Uint8Array[]): AsyncIterable<Uint8Array> {
    yield* parts;
  };
  const restored = await restoreMemoryStore({ clock }, stream(chunks));
  expect(await restored.currentRevision()).toBe(await store.currentRevision());
  expect((await restored.get("/k/599")).entry).toEqual((await store.get("/k/599")).entry);
  await expect(restoreMemoryStore({ clock }, stream(chunks.slice(0, -1)))).rejects.toThrow(StoreDamagedError);
  const changed = Buffer.concat(chunks);
  changed[100] = (changed[100] ?? 0) ^ 1;
  await expect(restoreMemoryStore({ clock }, stream([changed]))).rejects.toThrow(StoreDamagedError);
});

it("keeps a bounded history", async () => {
  const store = createMemoryStore({ clock: new VirtualClock(), historyLimit: 100 });
  for (let index = 0; index < 300; index++)
    await store.txn({ compare: [], success: [{ type: "put", key: "/k", value: Buffer.from(String(index)) }] });
  const current = await store.currentRevision();
  expect(current - store.compactedRevision()).toBeLessThanOrEqual(126);
  await expect(store.get("/k", { revision: 2 })).rejects.toThrow(CompactedError);
});
