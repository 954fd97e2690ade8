import { createSeededRandom, silentLogger, VirtualClock } from "@coracle/base";
import type { KubeObject, ResourceType, UnstructuredObject } from "@coracle/apimachinery";
import { createClient, createFakeTransport, type Client, type FakeTransport } from "@coracle/client";
import { describe, expect, it } from "vitest";
import { createManager, mapped, owned, watchFor, type ControllerFactory, type Manager } from "./index.ts";

const owners: ResourceType = { group: "apps", version: "v1", resource: "replicasets", kind: "ReplicaSet", isNamespaced: true };
const pods: ResourceType = { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true };

function object(resource: ResourceType, name: string, more: Partial<UnstructuredObject["metadata"]> = {}): UnstructuredObject {
  const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  return { apiVersion, kind: resource.kind, metadata: { name, namespace: "a", ...more } };
}

function ownedBy(name: string): { ownerReferences: NonNullable<KubeObject["metadata"]["ownerReferences"]> } {
  return { ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name, uid: name, controller: true }] };
}

function setUp(): { clock: VirtualClock; transport: FakeTransport; client: Client; manager: Manager } {
  const clock = new VirtualClock();
  const transport = createFakeTransport({ clock });
  const client = createClient({ transport, clock, log: silentLogger });
  return { clock, transport, client, manager: createManager({ client, clock, random: createSeededRandom(1), log: silentLogger }) };
}

describe("manager", () => {
  it("reconciles what is there, what changes, and the owners of what changes", async () => {
    const { clock, transport, client, manager } = setUp();
    transport.put(owners, object(owners, "first"));
    const seen: string[] = [];
    const factory: ControllerFactory = () => ({
      name: "test",
      sources: [watchFor(owners), owned(pods, "ReplicaSet")],
      async reconcile(key) {
        seen.push(key);
      },
    });
    manager.add(factory);
    await manager.start();
    await clock.advance(0);
    expect(seen).toEqual(["a/first"]);
    await client.resource(pods, "a").create(object(pods, "p", ownedBy("second")));
    await clock.advance(0);
    await client.resource(pods, "a").patch("p", { metadata: ownedBy("third") }, { type: "application/merge-patch+json" });
    await clock.advance(0);
    expect(seen).toEqual(["a/first", "a/second", "a/third", "a/second"]);
    await manager.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("puts a failed key back with exponential back-off and goes on with the others", async () => {
    const { clock, transport, manager } = setUp();
    transport.put(owners, object(owners, "bad"));
    transport.put(owners, object(owners, "good"));
    const at: [string, number][] = [];
    manager.add(() => ({
      name: "test",
      sources: [watchFor(owners)],
      reconcile(key) {
        at.push([key, clock.monotonic()]);
        if (key === "a/bad") throw new Error("no");
        return Promise.resolve();
      },
    }));
    await manager.start();
    await clock.advance(40);
    expect(at).toEqual([
      ["a/bad", 0],
      ["a/good", 0],
      ["a/bad", 5],
      ["a/bad", 15],
      ["a/bad", 35],
    ]);
    expect(manager.metrics()[0]).toMatchObject({ name: "test", reconciles: 5, errors: 4, queueDepth: 0, delayed: 1 });
    await manager.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits for running reconciles when it stops, but not for ever", async () => {
    const { clock, transport, manager } = setUp();
    transport.put(owners, object(owners, "slow"));
    transport.put(owners, object(owners, "stuck"));
    const ended: string[] = [];
    manager.add(() => ({
      name: "test",
      sources: [watchFor(owners)],
      concurrency: 2,
      async reconcile(key) {
        await clock.sleep(key === "a/slow" ? 3000 : 60_000);
        ended.push(key);
      },
    }));
    await manager.start();
    await clock.advance(1000);
    let isStopped = false;
    const stop = manager.stop().then(() => (isStopped = true));
    await clock.advance(9000);
    expect([ended, isStopped]).toEqual([["a/slow"], false]);
    await clock.advance(1000);
    await stop;
    expect(ended).toEqual(["a/slow"]);
  });

  it("survives a source that throws", async () => {
    const { clock, client, manager } = setUp();
    const seen: string[] = [];
    const throwing = mapped(pods, () => {
      throw new Error("no");
    });
    manager.add(() => ({
      name: "test",
      sources: [throwing, watchFor(owners)],
      async reconcile(key) {
        seen.push(key);
      },
    }));
    await manager.start();
    await client.resource(pods, "a").create(object(pods, "p"));
    await client.resource(owners, "a").create(object(owners, "o"));
    await clock.advance(0);
    expect(seen).toEqual(["a/o"]);
    await manager.stop();
  });
});
