import { resources, type Node, type Pod, type Toleration } from "@coracle/api";
import { expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createTaintEvictionController } from "./taint-eviction-controller.ts";

const node = (...taints: string[]): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n1" },
  spec: { taints: taints.map((key) => ({ key, effect: "NoExecute" })) },
});
const pod = (name: string, ...tolerations: Toleration[]): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "a", uid: `uid-${name}` },
  spec: { nodeName: "n1", containers: [], tolerations },
  status: { phase: "Running" },
});

const start = (...pods: Pod[]): Promise<TestCluster> =>
  startTestCluster([createTaintEvictionController], (transport) => {
    transport.put(resources.nodes, node());
    for (const entry of pods) transport.put(resources.pods, entry);
  });
const left = ({ client }: TestCluster): string[] =>
  client
    .informer(resources.pods)
    .list("a")
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name ?? "")
    .sort();

it("deletes at once what does not tolerate a taint, later what tolerates it for a time, and never what tolerates it", async () => {
  const short = { key: "k", operator: "Exists", tolerationSeconds: 10 };
  await using cluster = await start(pod("none"), pod("short", short), pod("ever", { operator: "Exists" }));
  cluster.transport.put(resources.nodes, node("k"));
  await cluster.settle();
  expect(left(cluster)).toEqual(["ever", "short"]);
  await cluster.clock.advance(9_000);
  // Somebody writes the node again: that does not begin anew.
  cluster.transport.put(resources.nodes, { ...node("k"), metadata: { name: "n1", labels: { a: "b" } } });
  await cluster.clock.advance(1_001);
  expect(left(cluster)).toEqual(["ever"]);
});

it("lets a pod be when the taint goes in time, and says so", async () => {
  await using cluster = await start(pod("short", { key: "k", operator: "Exists", tolerationSeconds: 10 }));
  cluster.transport.put(resources.nodes, node("k"));
  await cluster.clock.advance(5_000);
  cluster.transport.put(resources.nodes, node());
  await cluster.clock.advance(60_000);
  expect(left(cluster)).toEqual(["short"]);
  const told = cluster.transport.requests.filter(({ resource }) => resource.resource === "events").map(({ body }) => body);
  expect(told).toContainEqual(expect.objectContaining({ reason: "TaintManagerEviction", message: "Cancelling deletion of Pod a/short" }));
});

it("sees pods that come to a tainted node", async () => {
  await using cluster = await start();
  cluster.transport.put(resources.nodes, node("k"));
  await cluster.settle();
  cluster.transport.put(resources.pods, pod("late"));
  await cluster.settle();
  expect(left(cluster)).toEqual([]);
});
