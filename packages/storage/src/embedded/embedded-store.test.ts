import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, VirtualClock } from "@coracle/base";
import { storeConformance } from "../conformance.ts";
import { CompactedError, StoreDamagedError, StoreLockedError, type Store } from "../store.ts";
import { bundleChildProgram } from "../testing/child-program.ts";
import { openEmbeddedStore } from "./embedded-store.ts";

const openIn = (directory: string, clock = new VirtualClock()): Promise<Store> =>
  openEmbeddedStore({ directory, clock, log: silentLogger });

storeConformance("the embedded engine", async () => {
  const directory = mkdtempSync(join(tmpdir(), "coracle-store-"));
  const clock = new VirtualClock();
  const store = await openIn(directory, clock);
  return {
    store,
    clock,
    async dispose() {
      await store[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});

describe("the embedded engine", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "coracle-store-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const put = (store: Store, key: string, value: string): ReturnType<Store["txn"]> =>
    store.txn({ compare: [], success: [{ type: "put", key, value: Buffer.from(value) }] });

  it("finds entries, history, compaction and leases again", async () => {
    const clock = new VirtualClock();
    const first = await openIn(directory, clock);
    const { revision: old } = await put(first, "/a", "1");
    await put(first, "/a", "2");
    const { revision: compacted } = await put(first, "/b", "1");
    await first.txn({ compare: [], success: [{ type: "delete", key: "/a" }] });
    await first.compact(compacted - 1);
    const lease = await first.grantLease(60);
    await first.txn({ compare: [], success: [{ type: "put", key: "/leased", value: Buffer.from("x"), leaseId: lease }] });
    const revision = await first.currentRevision();
    await first[Symbol.asyncDispose]();

    const second = await openIn(directory, clock);
    expect(await second.currentRevision()).toBe(revision);
    expect((await second.get("/a")).entry).toBeUndefined();
    expect(Buffer.from((await second.get("/a", { revision: compacted })).entry?.value ?? []).toString()).toBe("2");
    await expect(second.get("/a", { revision: old })).rejects.toThrow(CompactedError);
    const seen: string[] = [];
    const watcher = await second.watch(
      { prefix: "/", fromRevision: compacted },
      { onEvents: (_revision, events) => seen.push(...events.map((event) => `${event.type} ${event.key}`)), onError: () => undefined },
    );
    expect(seen).toEqual(["delete /a", "put /leased"]);
    watcher[Symbol.dispose]();
    await clock.advance(61_000);
    await expect.poll(async () => (await second.get("/leased")).entry).toBeUndefined();
    await second[Symbol.asyncDispose]();
  });

  it("belongs to one process at a time", async () => {
    const store = await openIn(directory);
    await expect(openIn(directory)).rejects.toThrow(StoreLockedError);
    await expect(openIn(directory)).rejects.toMatchObject({ holderPid: process.pid });
    await store[Symbol.asyncDispose]();
    // A lock that a killed process left is taken over.
    writeFileSync(join(directory, "lock"), JSON.stringify({ pid: process.pid, start: "1" }));
    await (await openIn(directory))[Symbol.asyncDispose]();
  });

  it.each([
    ["holds something else", (file: string) => writeFileSync(file, "this is no database")],
    ["is cut short", (file: string) => truncateSync(file, 8192)],
    ["is empty", (file: string) => writeFileSync(file, "")],
    ["is a directory", (file: string) => (rmSync(file), mkdirSync(file))],
  ])("says so when its file %s", async (_name, damage) => {
    const store = await openIn(directory);
    await Promise.all(Array.from({ length: 200 }, (_, index) => put(store, `/k/${index}`, "x".repeat(500))));
    await store[Symbol.asyncDispose]();
    damage(join(directory, "data.mdb"));
    await expect(openIn(directory)).rejects.toThrow(StoreDamagedError);
    // The failed attempt holds no lock.
    expect(readdirSync(directory)).not.toContain("lock");
  });

  it("loses nothing acknowledged when its process is killed", { timeout: 60_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      const acknowledged = await writeUntilKilled(directory, round);
      expect(acknowledged.length).toBeGreaterThan(50);
      const store = await openIn(directory);
      for (const key of acknowledged) {
        const { entry } = await store.get(key);
        expect(Buffer.from(entry?.value ?? []).toString(), key).toBe(`${key} `.repeat(40));
      }
      await store[Symbol.asyncDispose]();
    }
  });
});

/** Another process writes as fast as it can and prints each key once it is acknowledged; it is killed after a while. */
async function writeUntilKilled(directory: string, round: number): Promise<string[]> {
  const bundle = join(directory, "..", `writer-${process.pid}-${round}.mjs`);
  await bundleChildProgram(
    `
      import { silentLogger, systemClock } from "@coracle/base";
      import { openEmbeddedStore } from "./embedded-store.ts";
      const store = await openEmbeddedStore({ directory: ${JSON.stringify(directory)}, clock: systemClock, log: silentLogger });
      const writer = async (id) => {
        for (let index = 0; ; index++) {
          const key = "/round-${round}/" + id + "/" + index;
          await store.txn({ compare: [{ key, modRevision: 0 }], success: [{ type: "put", key, value: Buffer.from((key + " ").repeat(40)) }] });
          process.stdout.write(key + "\\n");
        }
      };
      for (let id = 0; id < 8; id++) void writer(id);`,
    import.meta.dirname,
    bundle,
  );
  const child = spawn(process.execPath, [bundle], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output.length > 20_000 * (round + 1)) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
  rmSync(bundle, { force: true });
  // The last line may be cut.
  return output.slice(0, output.lastIndexOf("\n")).split("\n");
}
