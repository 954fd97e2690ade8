import { createSeededRandom, silentLogger, VirtualClock } from "@coracle/base";
import { StatusError, type ResourceType, type UnstructuredObject } from "@coracle/apimachinery";
import { afterEach, describe, expect, it } from "vitest";
import { createFakeTransport, type FakeTransport } from "../fake/fake-transport.ts";
import type { ApiRequest } from "../transport.ts";
import { Reflector } from "./reflector.ts";

const pods: ResourceType = { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true };

function pod(name: string, labels: Record<string, string> = {}): UnstructuredObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "a", labels } };
}

const running: Reflector<UnstructuredObject>[] = [];
afterEach(() => running.splice(0).forEach((reflector) => reflector.stop()));

interface SetUp {
  readonly clock: VirtualClock;
  readonly transport: FakeTransport;
  readonly reflector: Reflector<UnstructuredObject>;
  readonly events: string[];
  verbs(): string[];
}

function setUp(): SetUp {
  const clock = new VirtualClock();
  const transport = createFakeTransport({ clock, hasInformer: false });
  const reflector = new Reflector(pods, { transport, clock, random: createSeededRandom(1), log: silentLogger, pageSize: 2 });
  running.push(reflector);
  const events: string[] = [];
  reflector.subscribe({
    onAdd: ({ metadata }, isInitial) => events.push(`add ${metadata.name}${isInitial ? " (initial)" : ""}`),
    onUpdate: ({ metadata }, old) => events.push(`update ${metadata.name} from ${old.metadata.labels?.v ?? "-"}`),
    onDelete: ({ metadata }) => events.push(`delete ${metadata.name}`),
  });
  return { clock, transport, reflector, events, verbs: () => transport.requests.map(({ verb }) => verb) };
}

describe("Reflector", () => {
  it("lists in pages, watches on, and tells every change once", async () => {
    const { clock, transport, reflector, events, verbs } = setUp();
    for (const name of ["p1", "p2", "p3"]) transport.put(pods, pod(name));
    expect(reflector.hasSynced).toBe(false);
    reflector.start();
    await clock.advance(0);
    await reflector.waitForSync();
    transport.put(pods, pod("p2", { v: "1" }));
    transport.put(pods, pod("p2", { v: "2" }));
    transport.put(pods, pod("p4"));
    transport.remove(pods, "a/p1");
    await clock.advance(0);
    expect(verbs()).toEqual(["list", "list", "watch"]);
    const initial = ["add p1 (initial)", "add p2 (initial)", "add p3 (initial)"];
    expect(events).toEqual([...initial, "update p2 from -", "update p2 from 1", "add p4", "delete p1"]);
    expect(reflector.list("a").map(({ metadata }) => metadata.name)).toEqual(["p2", "p3", "p4"]);
  });

  it("resumes a broken watch from the last bookmark without listing again", async () => {
    const { clock, transport, reflector, events, verbs } = setUp();
    reflector.start();
    await clock.advance(2000);
    transport.put({ ...pods, resource: "others" }, pod("elsewhere"));
    transport.bookmark();
    await clock.advance(0);
    const revision = String(transport.revision);
    transport.breakWatches();
    transport.put(pods, pod("p1"));
    await clock.advance(2000);
    expect(events).toEqual(["add p1"]);
    expect(verbs()).toEqual(["list", "watch", "watch"]);
    expect(transport.requests.at(-1)?.query?.resourceVersion).toBe(revision);
  });

  it("lists again when history is gone and reports only what differs", async () => {
    const { clock, transport, reflector, events, verbs } = setUp();
    transport.put(pods, pod("stays"));
    transport.put(pods, pod("goes"));
    reflector.start();
    await clock.advance(2000);
    transport.breakWatches();
    transport.remove(pods, "a/goes");
    transport.put(pods, pod("comes"));
    transport.compact();
    await clock.advance(5000);
    expect(verbs()).toEqual(["list", "watch", "watch", "list", "watch"]);
    expect(events).toEqual(["add goes (initial)", "add stays (initial)", "delete goes", "add comes"]);
  });

  it("backs off while the server fails, from 0.8 s to at most a minute", async () => {
    const { clock, transport, reflector } = setUp();
    const at: number[] = [];
    const failing = transport.intercept(() => {
      at.push(clock.monotonic());
      throw new StatusError({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", reason: "ServiceUnavailable", code: 503 });
    });
    reflector.start();
    await clock.advance(600_000);
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(800);
    expect(pauses[0]).toBeLessThan(1600);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(60_000);
    expect(Math.min(...pauses.slice(7))).toBeGreaterThanOrEqual(30_000);
    failing[Symbol.dispose]();
    await clock.advance(60_000);
    expect(reflector.hasSynced).toBe(true);
  });

  it("replaces a watch that has gone silent", async () => {
    const { clock, transport, reflector, verbs } = setUp();
    reflector.start();
    await clock.advance(140_000);
    transport.bookmark();
    await clock.advance(140_000);
    expect(verbs()).toEqual(["list", "watch"]);
    expect(clock.now() - reflector.lastActivityMs).toBe(140_000);
    await clock.advance(15_000);
    expect(verbs()).toEqual(["list", "watch", "watch"]);
  });

  it("stops at once and leaves nothing behind", async () => {
    const { clock, transport, reflector } = setUp();
    const never = new Promise<void>(() => undefined);
    transport.intercept((_request: ApiRequest) => never);
    const synced = reflector.waitForSync();
    reflector.start();
    reflector.stop();
    await expect(synced).rejects.toThrow("the informer was stopped");
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
