import { resources, type DaemonSet, type Node, type Pod } from "@coracle/api";
import { expect, it } from "vitest";
import { startTestCluster } from "../testing/test-cluster.ts";
import { createDaemonSetController } from "./daemonset-controller.ts";

const set: DaemonSet = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "ds", namespace: "a", uid: "uid-ds", generation: 1 },
  spec: {
    selector: { matchLabels: { app: "ds" } },
    template: { metadata: { labels: { app: "ds" } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
};
const node: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } };

it("replaces failed pods with pauses that grow", async () => {
  await using cluster = await startTestCluster([createDaemonSetController], (transport) => {
    transport.put(resources.daemonSets, set);
    transport.put(resources.nodes, node);
  });
  const { transport, client, clock } = cluster;
  // A kubelet that refuses every pod at once.
  const refuse = (pod: Pod): void => {
    if (pod.status?.phase === "Failed" || pod.metadata.deletionTimestamp !== undefined) return;
    transport.put(resources.pods, { ...pod, status: { phase: "Failed" } });
  };
  using _refusing = client.informer(resources.pods).subscribe({ onAdd: (pod) => queueMicrotask(() => refuse(pod)) });
  await clock.advance(60_000);
  const tries = transport.requests.filter(({ verb, resource }) => verb === "create" && resource === resources.pods).length;
  expect(tries).toBeGreaterThan(4);
  expect(tries).toBeLessThan(10);
});
