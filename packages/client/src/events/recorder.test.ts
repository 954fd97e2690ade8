import { resources, type Event } from "@coracle/api";
import { createSeededRandom, silentLogger, VirtualClock, type Logger } from "@coracle/base";
import { newForbidden, newServiceUnavailable, type KubeObject } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { createClient } from "../create-client.ts";
import { createFakeTransport, type FakeTransport } from "../fake/fake-transport.ts";
import { atFieldPath } from "./event.ts";
import { createEventRecorder, type QueuedEventRecorder } from "./recorder.ts";

interface SetUp {
  readonly clock: VirtualClock;
  readonly transport: FakeTransport;
  readonly recorder: QueuedEventRecorder;
  readonly warnings: string[];
  events(): readonly Event[];
}

function setUp(more: { host?: string; queueLimit?: number } = {}): SetUp {
  const clock = new VirtualClock();
  const transport = createFakeTransport({ clock });
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  const client = createClient({ transport, clock, log });
  const recorder = createEventRecorder({ client, component: "kubelet", clock, random: createSeededRandom(1), log, ...more });
  return { clock, transport, recorder, warnings, events: () => transport.objects(resources.events) };
}

const pod: KubeObject = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "a", uid: "u1", resourceVersion: "7" } };
const node: KubeObject = { apiVersion: "v1", kind: "Node", metadata: { name: "n1", uid: "n1" } };

describe("event recorder", () => {
  it("writes events as client-go does", async () => {
    const { recorder, events } = setUp({ host: "n1" });
    recorder.record(atFieldPath(pod, "spec.containers{c}"), "Normal", "Pulled", "Container image present");
    recorder.record(node, "Warning", "Rebooted", "Node rebooted");
    await recorder.flush();
    const [onPod, onNode] = events();
    expect(onPod).toMatchObject({
      metadata: { namespace: "a", name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) as string },
      involvedObject: {
        kind: "Pod",
        apiVersion: "v1",
        namespace: "a",
        name: "web",
        uid: "u1",
        resourceVersion: "7",
        fieldPath: "spec.containers{c}",
      },
      reason: "Pulled",
      message: "Container image present",
      type: "Normal",
      count: 1,
      firstTimestamp: "2026-01-01T00:00:00Z",
      lastTimestamp: "2026-01-01T00:00:00Z",
      source: { component: "kubelet", host: "n1" },
      reportingComponent: "kubelet",
      reportingInstance: "n1",
    });
    expect(onNode).toMatchObject({ metadata: { namespace: "default" }, involvedObject: { kind: "Node", name: "n1" } });
    expect(onNode?.involvedObject).not.toHaveProperty("namespace");
  });

  it("raises the count of the same event, and starts again when it has expired", async () => {
    const { clock, transport, recorder, events } = setUp();
    for (let time = 0; time < 3; time++) {
      recorder.record(pod, "Warning", "BackOff", "Back-off");
      await clock.advance(10_000);
    }
    expect(events()).toHaveLength(1);
    expect(events()[0]).toMatchObject({ count: 3, firstTimestamp: "2026-01-01T00:00:00Z", lastTimestamp: "2026-01-01T00:00:20Z" });
    transport.remove(resources.events, `a/${events()[0]?.metadata.name}`);
    recorder.record(pod, "Warning", "BackOff", "Back-off");
    await recorder.flush();
    expect(events()[0]).toMatchObject({ count: 4 });
  });

  it("tells the tenth and later messages of one kind as one event", async () => {
    const { recorder, events } = setUp();
    for (let index = 0; index < 15; index++) recorder.record(pod, "Warning", "Failed", `message ${index}`);
    await recorder.flush();
    expect(events()).toHaveLength(10);
    const combined = events().find(({ message }) => message?.startsWith("(combined"));
    expect(combined).toMatchObject({ message: "(combined from similar events): message 14", count: 6 });
  });

  it("lets a noisy object make 25 events, then one in five minutes", async () => {
    const { clock, transport, recorder } = setUp();
    const writes = (): number => transport.requests.length;
    for (let index = 0; index < 40; index++) recorder.record(pod, "Normal", "Noise", "noise");
    await recorder.flush();
    expect(writes()).toBe(25);
    await clock.advance(300_000);
    for (let index = 0; index < 5; index++) recorder.record(pod, "Normal", "Noise", "noise");
    await recorder.flush();
    expect(writes()).toBe(26);
  });

  it("tries again while the server cannot be reached, gives up what it refuses, and never throws", async () => {
    const { clock, transport, recorder, warnings, events } = setUp();
    let failures = 2;
    transport.intercept(() => {
      if (failures-- > 0) throw newServiceUnavailable("down");
    });
    recorder.record(pod, "Normal", "A", "a");
    await clock.advance(30_000);
    expect(events()).toHaveLength(1);
    transport.intercept(({ body }) => {
      if ((body as Event).reason === "B") throw newForbidden({ group: "", resource: "events" }, "", "no");
    });
    recorder.record(pod, "Normal", "B", "b");
    recorder.record(pod, "Normal", "C", "c");
    await recorder.flush();
    expect(events().map(({ reason }) => reason)).toEqual(["A", "C"]);
    expect(warnings).toEqual(["event was not written"]);
  });

  it("drops events beyond its queue and stops", async () => {
    const { clock, recorder, events, warnings } = setUp({ queueLimit: 2 });
    for (let index = 0; index < 3; index++) recorder.record(pod, "Normal", `R${index}`, "x");
    await recorder.flush();
    expect(events()).toHaveLength(2);
    expect(warnings).toEqual(["event dropped: too many wait to be written"]);
    recorder.stop();
    recorder.record(pod, "Normal", "late", "x");
    await clock.advance(0);
    expect(events()).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });
});
