import { resources, type Node, type Pod } from "@coracle/api";
import { afterEach, describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createPodGarbageCollector } from "./pod-garbage-collector.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

function putPod(name: string, fields: { nodeName?: string; isDeleted?: boolean; status?: Pod["status"] } = {}): void {
  const { nodeName, isDeleted = false, status = { phase: "Running" } } = fields;
  cluster.transport.put(resources.pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "a",
      uid: `uid-${name}`,
      creationTimestamp: new Date(cluster.clock.now()).toISOString(),
      ...(isDeleted && { deletionTimestamp: "2030-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 }),
    },
    spec: { containers: [], ...(nodeName !== undefined && { nodeName }) },
    status,
  } as Pod);
}
function putNode(name: string, isReady: boolean, taint?: string): void {
  cluster.transport.put(resources.nodes, {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    spec: taint === undefined ? {} : { taints: [{ key: taint, effect: "NoExecute" }] },
    status: { conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] },
  } as Node);
}
const names = (): string[] => cluster.transport.objects(resources.pods).map(({ metadata }) => metadata.name ?? "");

describe("the collector of pods", () => {
  it("removes the pods of nodes that are gone for good, and says why", async () => {
    cluster = await startTestCluster([createPodGarbageCollector()]);
    putNode("here", true);
    putPod("stays", { nodeName: "here" });
    putPod("orphan", { nodeName: "gone" });
    putPod("waits");
    const seen: Pod[] = [];
    cluster.client.informer(resources.pods).subscribe({ onUpdate: (pod) => void seen.push(pod) });
    await cluster.clock.advance(50_000);
    expect(names()).toContain("orphan");
    await cluster.clock.advance(20_000);
    expect(names()).toEqual(["stays", "waits"]);
    expect(seen.find(({ metadata }) => metadata.name === "orphan")?.status).toMatchObject({
      phase: "Failed",
      conditions: [{ type: "DisruptionTarget", status: "True", reason: "DeletionByPodGC", message: "PodGC: node no longer exists" }],
    });
  });

  it("leaves the pods of nodes that come back", async () => {
    cluster = await startTestCluster([createPodGarbageCollector()]);
    putPod("lucky", { nodeName: "away" });
    await cluster.clock.advance(30_000);
    putNode("away", true);
    await cluster.clock.advance(120_000);
    expect(names()).toEqual(["lucky"]);
  });

  it("removes deleted pods that have no node, or one out of service", async () => {
    cluster = await startTestCluster([createPodGarbageCollector()]);
    putNode("out", false, "node.kubernetes.io/out-of-service");
    putNode("busy", true, "node.kubernetes.io/out-of-service");
    putPod("unscheduled", { isDeleted: true });
    putPod("on-out", { isDeleted: true, nodeName: "out" });
    putPod("on-busy", { isDeleted: true, nodeName: "busy" });
    putPod("alive-on-out", { nodeName: "out" });
    await cluster.clock.advance(20_000);
    expect(names()).toEqual(["alive-on-out", "on-busy"]);
  });

  it("keeps as many finished pods as it may: evicted ones go first, then the oldest", async () => {
    cluster = await startTestCluster([createPodGarbageCollector({ finishedLimit: 2 })]);
    for (const name of ["old", "older", "newest"]) {
      putPod(name, { status: { phase: "Succeeded" } });
      await cluster.clock.advance(1000);
    }
    putPod("evicted", { status: { phase: "Failed", reason: "Evicted" } });
    putPod("runs");
    await cluster.clock.advance(20_000);
    expect(names()).toEqual(["newest", "older", "runs"]);
  });
});
