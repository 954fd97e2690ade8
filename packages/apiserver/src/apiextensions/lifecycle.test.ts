import { silentLogger, VirtualClock } from "@coracle/base";
import { newConflict, newNotFound, type ResourceDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import type { ObjectView, Registry, RequestBody, ResourceAddress, WatchSink } from "../registry/contract.ts";
import { cleanupFinalizer, createCustomResourceLifecycle } from "./index.ts";
import { fooCrd } from "./testing-crd.ts";

/** A registry of CustomResourceDefinitions and of the objects of one resource. */
class FakeRegistry implements Pick<Registry, "list" | "watch" | "get" | "update" | "deleteCollection"> {
  readonly crds = new Map<string, UnstructuredObject>();
  instances: UnstructuredObject[] = [];
  readonly log: string[] = [];
  /** Called before a status is stored. */
  onStatus: () => void = () => {};
  sink: WatchSink | undefined;
  revision = 0;

  put(object: UnstructuredObject): UnstructuredObject {
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(++this.revision);
    const name = stored.metadata.name as string;
    const isGone = stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0;
    const type = isGone ? "DELETED" : this.crds.has(name) ? "MODIFIED" : "ADDED";
    if (isGone) this.crds.delete(name);
    else this.crds.set(name, stored);
    this.sink?.send({ type, view: view(stored) });
    return stored;
  }

  async list(_: unknown, { resource }: ResourceAddress) {
    const objects = resource === "customresourcedefinitions" ? [...this.crds.values()] : this.instances;
    return { items: objects.map(view), resourceVersion: String(this.revision) };
  }

  async watch(_c: unknown, _a: unknown, _o: unknown, sink: WatchSink) {
    this.sink = sink;
    return { [Symbol.dispose]: () => (this.sink = undefined) };
  }

  async get(_: unknown, { name }: ResourceAddress) {
    const found = this.crds.get(name);
    if (found === undefined) throw newNotFound({ group: "apiextensions.k8s.io", resource: "customresourcedefinitions" }, name);
    return view(found);
  }

  async update(_: unknown, { name, subresource }: ResourceAddress, body: RequestBody) {
    if (body.type !== "object") throw new Error("only objects here");
    const { object } = body;
    const old = this.crds.get(name);
    if (old?.metadata.resourceVersion !== object.metadata.resourceVersion) throw newConflict({ group: "", resource: "crds" }, name);
    if (subresource === "status") this.onStatus();
    return { view: view(this.put(object)), isCreated: false };
  }

  async deleteCollection(_: unknown, { namespace }: ResourceAddress) {
    this.log.push(`delete ${namespace}`);
    this.instances = this.instances.filter((object) => object.metadata.namespace !== namespace || object.metadata.finalizers !== undefined);
    return { items: [], resourceVersion: "1" };
  }
}

function view(object: UnstructuredObject): ObjectView {
  return { object, bytes: () => new TextEncoder().encode(JSON.stringify(object)) };
}

function crd(plural = "foos", kind = "Foo"): UnstructuredObject {
  const { metadata, ...rest } = fooCrd(plural, kind);
  const names = { ...rest.spec.names, singular: kind.toLowerCase(), listKind: `${kind}List` };
  return { ...rest, metadata: { ...metadata, uid: plural, generation: 1, finalizers: [cleanupFinalizer] }, spec: { ...rest.spec, names } };
}

function setUp() {
  const registry = new FakeRegistry();
  const clock = new VirtualClock();
  let served: readonly ResourceDefinition[] = [];
  const lifecycle = createCustomResourceLifecycle({ registry, clock, logger: silentLogger, onDefinitions: (all) => (served = all) });
  return { registry, clock, lifecycle, served: () => served.map(({ resource }) => resource) };
}

function conditionsOf(object: UnstructuredObject | undefined): string[] {
  const { conditions = [] } = (object?.["status"] ?? {}) as { conditions?: { type: string; status: string; reason: string }[] };
  return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

describe("createCustomResourceLifecycle", () => {
  it("serves a resource before it says so", async () => {
    const { registry, clock, lifecycle, served } = setUp();
    await lifecycle.start();
    let servedAtStatus: string[] = [];
    registry.onStatus = () => (servedAtStatus = served());
    registry.put(crd());
    expect(served()).toEqual(["foos"]);
    await clock.advance(0);
    expect(servedAtStatus).toEqual(["foos"]);
    expect(conditionsOf(registry.crds.get("foos.example.com"))).toEqual([
      "NamesAccepted=True NoConflicts",
      "Established=True InitialNamesAccepted",
    ]);
    lifecycle[Symbol.dispose]();
  });

  it("serves what was established before it starts", async () => {
    const first = setUp();
    await first.lifecycle.start();
    first.registry.put(crd());
    await first.clock.advance(0);
    first.lifecycle[Symbol.dispose]();
    const second = setUp();
    for (const [name, object] of first.registry.crds) second.registry.crds.set(name, object);
    await second.lifecycle.start();
    expect(second.served()).toEqual(["foos"]);
    second.lifecycle[Symbol.dispose]();
  });

  it("refuses a name that is taken and grants it when it is free again", async () => {
    const { registry, clock, lifecycle, served } = setUp();
    await lifecycle.start();
    registry.put(crd());
    registry.put(crd("bars", "Foo"));
    await clock.advance(0);
    expect(served()).toEqual(["foos"]);
    expect(conditionsOf(registry.crds.get("bars.example.com"))[0]).toBe("NamesAccepted=False ListKindConflict");
    const first = registry.crds.get("foos.example.com") as UnstructuredObject;
    registry.put({ ...first, metadata: { ...first.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } });
    await clock.advance(1000);
    expect(served()).toEqual(["bars"]);
    expect(conditionsOf(registry.crds.get("bars.example.com"))[0]).toBe("NamesAccepted=True NoConflicts");
    lifecycle[Symbol.dispose]();
  });

  it("removes all objects before the definition goes, and waits for their finalizers", async () => {
    const { registry, clock, lifecycle, served } = setUp();
    await lifecycle.start();
    const object = registry.put(crd());
    await clock.advance(0);
    const instance = (namespace: string, finalizers?: string[]): UnstructuredObject => ({
      apiVersion: "example.com/v1",
      kind: "Foo",
      metadata: { name: "x", namespace, ...(finalizers !== undefined && { finalizers }) },
    });
    registry.instances = [instance("a"), instance("b", ["wait"])];
    const latest = registry.crds.get(object.metadata.name as string) as UnstructuredObject;
    registry.put({ ...latest, metadata: { ...latest.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } });
    await clock.advance(5000);
    expect(registry.log).toEqual(["delete a", "delete b"]);
    expect(conditionsOf(registry.crds.get("foos.example.com")).at(-1)).toBe("Terminating=True InstanceDeletionInProgress");
    expect(served()).toEqual(["foos"]);
    registry.instances = [];
    await clock.advance(5000);
    expect(registry.crds.size).toBe(0);
    expect(served()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    lifecycle[Symbol.dispose]();
  });

  it("watches again after its watch has ended", async () => {
    const { registry, clock, lifecycle, served } = setUp();
    await lifecycle.start();
    const old = registry.sink;
    registry.sink = undefined;
    registry.put(crd());
    old?.close();
    await clock.advance(1000);
    expect(served()).toEqual(["foos"]);
    lifecycle[Symbol.dispose]();
  });
});
