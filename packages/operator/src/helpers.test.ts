import { createSeededRandom, silentLogger, VirtualClock } from "@coracle/base";
import type { ResourceType, UnstructuredObject } from "@coracle/apimachinery";
import { createClient, createFakeTransport, type Client, type FakeTransport } from "@coracle/client";
import { describe, expect, it } from "vitest";
import { addFinalizer, createManager, createOrPatch, removeFinalizer, watchFor } from "./index.ts";

const configMaps: ResourceType = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", isNamespaced: true };

function setUp(): { clock: VirtualClock; transport: FakeTransport; client: Client } {
  const clock = new VirtualClock();
  const transport = createFakeTransport({ clock });
  return { clock, transport, client: createClient({ transport, clock, log: silentLogger }) };
}

function configMap(data: Record<string, string>, labels: Record<string, string> = {}): UnstructuredObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "a", labels }, data };
}

describe("createOrPatch", () => {
  it("creates, patches only what differs, and leaves alone what is as desired", async () => {
    const { client, transport } = setUp();
    expect((await createOrPatch(client, configMaps, configMap({ a: "1", b: "2" }))).outcome).toBe("created");
    await client.resource(configMaps, "a").patch("c", { data: { theirs: "x" } }, { type: "application/merge-patch+json" });
    expect((await createOrPatch(client, configMaps, configMap({ a: "1", b: "2" }))).outcome).toBe("unchanged");
    const result = await createOrPatch(client, configMaps, configMap({ a: "1", b: "3" }, { l: "m" }));
    expect(result).toMatchObject({ outcome: "patched", object: { data: { a: "1", b: "3", theirs: "x" } } });
    expect(transport.requests.at(-1)?.body).toEqual({ metadata: { labels: { l: "m" } }, data: { b: "3" } });
  });
});

describe("finalizers", () => {
  it("are added and removed without losing others, and a lost race is a conflict", async () => {
    const { client, transport } = setUp();
    const stale = transport.put(configMaps, configMap({}));
    const one = await addFinalizer(client, configMaps, stale, "example.com/one");
    const two = await addFinalizer(client, configMaps, one, "example.com/two");
    expect(two.metadata.finalizers).toEqual(["example.com/one", "example.com/two"]);
    expect(await addFinalizer(client, configMaps, two, "example.com/one")).toBe(two);
    await expect(addFinalizer(client, configMaps, stale, "example.com/three")).rejects.toMatchObject({ reason: "Conflict" });
    const left = await removeFinalizer(client, configMaps, two, "example.com/one");
    expect(left?.metadata.finalizers).toEqual(["example.com/two"]);
    await client.resource(configMaps, "a").delete("c");
    const going = transport.get(configMaps, "a/c") as UnstructuredObject;
    await removeFinalizer(client, configMaps, going, "example.com/two");
    expect(transport.get(configMaps, "a/c")).toBeUndefined();
    expect(await removeFinalizer(client, configMaps, going, "example.com/two")).toBeUndefined();
  });
});

describe("manager with leader election", () => {
  it("runs controllers in one process at a time and builds them anew for each term", async () => {
    const { clock, client, transport } = setUp();
    transport.put(configMaps, configMap({}));
    const log: string[] = [];
    const start = async (identity: string): Promise<() => Promise<void>> => {
      const leaderElection = { namespace: "kube-system", name: "lease", identity };
      const manager = createManager({ client, clock, random: createSeededRandom(1), log: silentLogger, leaderElection });
      manager.add(({ signal }) => {
        log.push(`${identity} built`);
        signal.addEventListener("abort", () => log.push(`${identity} ended`), { once: true });
        return { name: "test", sources: [watchFor(configMaps)], reconcile: async (key) => void log.push(`${identity} ${key}`) };
      });
      await manager.start();
      return () => manager.stop();
    };
    const stopFirst = await start("a");
    await clock.advance(100);
    const stopSecond = await start("b");
    await clock.advance(5000);
    expect(log).toEqual(["a built", "a a/c"]);
    await stopFirst();
    await clock.advance(5000);
    expect(log).toEqual(["a built", "a a/c", "a ended", "b built", "b a/c"]);
    await stopSecond();
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
