import { silentLogger, VirtualClock } from "@coracle/base";
import { StatusError, type ResourceType, type UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import type { Client } from "./client.ts";
import { createClient } from "./create-client.ts";
import { createFakeTransport, type FakeTransport } from "./fake/fake-transport.ts";

const pods: ResourceType = { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true };
const namespaces: ResourceType = { group: "", version: "v1", resource: "namespaces", kind: "Namespace", isNamespaced: false };

function setUp(hasInformer = true): { clock: VirtualClock; transport: FakeTransport; client: Client } {
  const clock = new VirtualClock();
  const transport = createFakeTransport({ clock, hasInformer });
  return { clock, transport, client: createClient({ transport, clock, log: silentLogger }) };
}

function pod(name: string, spec: object = {}, labels: Record<string, string> = {}): UnstructuredObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "a", labels }, spec };
}

const merge = { type: "application/merge-patch+json" } as const;
const reasonOf = (error: unknown): string => (error as StatusError).reason;

describe("client on the fake transport", () => {
  it("creates, reads, updates with a check of the version, patches and deletes", async () => {
    const { client } = setUp();
    const requests = client.resource(pods, "a");
    const created = await requests.create({ ...pod("p", { x: 1 }), status: { phase: "Running" } });
    expect(created.metadata).toMatchObject({ name: "p", namespace: "a", generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" });
    expect(created.status).toBeUndefined();
    await expect(requests.create(pod("p"))).rejects.toMatchObject({ reason: "AlreadyExists", message: 'pods "p" already exists' });
    const updated = await requests.update({ ...created, spec: { x: 2 }, status: { phase: "no" } });
    expect([updated.metadata.generation, updated.status]).toEqual([2, undefined]);
    await expect(requests.update({ ...created, spec: {} })).rejects.toMatchObject({ reason: "Conflict", code: 409 });
    const withStatus = await requests.updateStatus({ ...updated, spec: {}, status: { phase: "Running" } });
    expect([withStatus.spec, withStatus.status, withStatus.metadata.generation]).toEqual([{ x: 2 }, { phase: "Running" }, 2]);
    const patched = await requests.patch("p", { spec: { x: null, y: 1 } }, merge);
    expect(patched.spec).toEqual({ y: 1 });
    const json = await requests.patch("p", [{ op: "add", path: "/spec/z", value: [1] }], { type: "application/json-patch+json" });
    expect(json.spec).toEqual({ y: 1, z: [1] });
    expect(await requests.patch("p", { metadata: {} }, merge)).toBe(json);
    await expect(requests.delete("p", { preconditions: { uid: "other" } })).rejects.toMatchObject({ reason: "Conflict" });
    await requests.delete("p");
    expect(await requests.get("p").catch(reasonOf)).toBe("NotFound");
    expect((await requests.create({ ...pod(""), metadata: { generateName: "g-" } })).metadata.name).toMatch(/^g-[a-z0-9]{5}$/);
  });

  it("writes where the object says when it is not bound to a namespace", async () => {
    const { client } = setUp();
    const everywhere = client.resource(pods);
    const created = await everywhere.create(pod("p"));
    expect((await everywhere.update({ ...created, spec: { x: 1 } })).metadata.namespace).toBe("a");
    expect((await client.resource(pods, "a").list()).items).toHaveLength(1);
    expect((await client.resource(pods, "b").list()).items).toHaveLength(0);
  });

  it("selects by labels and fields in lists and watches", async () => {
    const { client } = setUp();
    const requests = client.resource(pods, "a");
    await requests.create(pod("p1", { nodeName: "n1" }, { app: "web" }));
    await requests.create(pod("p2", { nodeName: "n2" }, { app: "db" }));
    const names = async (options: object): Promise<unknown> => (await requests.list(options)).items.map(({ metadata }) => metadata.name);
    expect(await names({ labelSelector: "app in (web, x)" })).toEqual(["p1"]);
    expect(await names({ fieldSelector: "spec.nodeName!=n1" })).toEqual(["p2"]);
    expect(await names({ limit: 1 })).toEqual(["p1"]);
    const events: string[] = [];
    const abort = new AbortController();
    const watching = (async () => {
      const options = { labelSelector: "app=web", sendInitialEvents: true, signal: abort.signal };
      for await (const { type, object } of requests.watch(options)) events.push(`${type} ${object.metadata.name ?? ""}`);
    })();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await requests.patch("p1", { metadata: { labels: { app: "db" } } }, merge);
    await requests.patch("p2", { metadata: { labels: { app: "web" } } }, merge);
    await requests.delete("p2", { gracePeriodSeconds: 0 });
    await new Promise((resolve) => setTimeout(resolve, 0));
    abort.abort();
    await watching;
    expect(events).toEqual(["ADDED p1", "BOOKMARK ", "DELETED p1", "ADDED p2", "DELETED p2"]);
  });

  it("lets finalizers hold an object and pods on nodes end gracefully", async () => {
    const { client, transport } = setUp();
    const requests = client.resource(pods, "a");
    await requests.create({ ...pod("held"), metadata: { name: "held", finalizers: ["x"] } });
    await requests.delete("held");
    expect(transport.get(pods, "a/held")?.metadata.deletionTimestamp).toBe("2026-01-01T00:00:00Z");
    await requests.patch("held", { metadata: { finalizers: null } }, merge);
    expect(transport.get(pods, "a/held")).toBeUndefined();
    await requests.create(pod("running"));
    await requests.createSubresource("running", "binding", {
      apiVersion: "v1",
      kind: "Binding",
      metadata: {},
      target: { name: "n1" },
    } as never);
    expect(transport.get(pods, "a/running")).toMatchObject({
      spec: { nodeName: "n1" },
      status: { conditions: [{ type: "PodScheduled" }] },
    });
    await requests.delete("running");
    expect(transport.get(pods, "a/running")?.metadata.deletionGracePeriodSeconds).toBe(30);
    await requests.delete("running", { gracePeriodSeconds: 0 });
    expect(transport.get(pods, "a/running")).toBeUndefined();
  });

  it("keeps a terminating namespace until it is finalized", async () => {
    const { client, transport } = setUp();
    const created = await client.resource(namespaces).create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } });
    expect(created).toMatchObject({ spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } });
    await client.resource(namespaces).delete("a");
    const terminating = transport.get(namespaces, "a");
    expect(terminating?.status).toEqual({ phase: "Terminating" });
    const body = { ...terminating, spec: { finalizers: [] } };
    await transport.request({ verb: "update", resource: namespaces, name: "a", subresource: "finalize", body });
    expect(transport.get(namespaces, "a")).toBeUndefined();
  });

  it.each([true, false])("shares one indexed informer, which hears of every write (lent by the transport: %s)", async (hasInformer) => {
    const { clock, client } = setUp(hasInformer);
    const requests = client.resource(pods, "a");
    await requests.create(pod("p1", {}, { app: "web" }));
    const informer = client.informer(pods);
    expect(client.informer(pods)).toBe(informer);
    informer.addIndex("app", ({ metadata }) => [metadata.labels?.app ?? ""]);
    await clock.advance(0);
    await informer.waitForSync();
    const events: string[] = [];
    const subscription = informer.subscribe({
      onAdd: ({ metadata }, isInitial) => events.push(`add ${metadata.name} ${isInitial}`),
      onUpdate: ({ metadata }) => events.push(`update ${metadata.name}`),
      onDelete: ({ metadata }) => events.push(`delete ${metadata.name}`),
    });
    await requests.create(pod("p0", {}, { app: "web" }));
    await requests.patch("p1", { metadata: { labels: { app: "db" } } }, merge);
    await clock.advance(0);
    expect(informer.list("a").map(({ metadata }) => metadata.name)).toEqual(["p0", "p1"]);
    expect(informer.byIndex("app", "web").map(({ metadata }) => metadata.name)).toEqual(["p0"]);
    expect(() => informer.byIndex("other", "x")).toThrow('no index "other"');
    await requests.delete("p1");
    await clock.advance(0);
    subscription[Symbol.dispose]();
    await requests.delete("p0");
    await clock.advance(0);
    expect(events).toEqual(["add p1 true", "add p0 false", "update p1", "delete p1"]);
    client.close();
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("passes options on as the server expects them", async () => {
    const { client, transport } = setUp();
    const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "a" }, spec: { x: 1 } };
    await client.resource(pods).apply(object, { fieldManager: "me", force: true, dryRun: true });
    expect(transport.requests.at(-1)).toMatchObject({
      verb: "patch",
      namespace: "a",
      name: "p",
      contentType: "application/apply-patch+yaml",
      query: { fieldManager: "me", force: "true", dryRun: "All" },
    });
  });
});
