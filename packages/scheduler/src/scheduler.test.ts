import { createSeededRandom, silentLogger, VirtualClock } from "@coracle/base";
import { resources, type Node, type Pod } from "@coracle/api";
import { createClient, createEventRecorder, createFakeTransport } from "@coracle/client";
import { expect, it } from "vitest";
import { createScheduler } from "./scheduler.ts";

const node: Node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n1" },
  status: { allocatable: { cpu: "4", memory: "8Gi", pods: "10" } },
};
const pod = (name: string, cpu: string, more: object = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "a", uid: `uid-${name}` },
  spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }], ...more },
});

/** What the scheduler writes about pods while it has time. */
async function writesAbout(pods: readonly Pod[], ms: number): Promise<string[]> {
  const clock = new VirtualClock();
  const transport = createFakeTransport({ clock });
  transport.put(resources.nodes, node);
  for (const entry of pods) transport.put(resources.pods, entry);
  const client = createClient({ transport, clock, log: silentLogger });
  const random = createSeededRandom(1);
  const events = createEventRecorder({ client, component: "default-scheduler", clock, random, log: silentLogger });
  const scheduler = createScheduler({ client, clock, random, log: silentLogger, events });
  await scheduler.start();
  await clock.advance(ms);
  await scheduler.stop();
  return transport.requests
    .filter(({ verb, resource }) => resource.resource === "pods" && verb !== "list" && verb !== "watch")
    .map(({ verb, name, subresource }) => [verb, name, subresource].filter((part) => part !== undefined && part !== "").join(" "));
}

it("tells once that a pod fits nowhere, and rests", async () => {
  expect(await writesAbout([pod("big", "9")], 240_000)).toEqual(["patch big status"]);
});

it("makes room for a pod once, whatever its own writes bring about", async () => {
  const low = pod("low", "4", { nodeName: "n1", priority: 1 });
  const writes = await writesAbout([low, pod("high", "2", { priority: 10 })], 240_000);
  expect(writes.filter((write) => write.includes("low")).length).toBeLessThanOrEqual(2);
  expect(writes.length).toBeLessThanOrEqual(4);
});
