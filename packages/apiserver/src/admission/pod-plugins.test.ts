import { describe, expect, test } from "vitest";
import { alwaysPullImages } from "./always-pull-images.ts";
import type { AdmissionPlugin } from "./admission.ts";
import { extendedResourceToleration } from "./extended-resource-toleration.ts";
import { podResizeValidator } from "./pod-resize.ts";
import { podTopologyLabels } from "./pod-topology-labels.ts";
import { priority } from "./priority.ts";
import { runtimeClass } from "./runtime-class.ts";
import { startToyCluster, type ToyCluster } from "./toy-cluster.ts";

const start = (plugin: AdmissionPlugin): Promise<ToyCluster> => startToyCluster([plugin]);
const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});

describe("Priority", () => {
  const addClass = (cluster: ToyCluster, name: string, value: number, more: object = {}) =>
    cluster.create("PriorityClass", { metadata: { name }, value, ...more });

  test("takes number and preemption policy from the named class", async () => {
    const cluster = await start(priority);
    await addClass(cluster, "high", 100, { preemptionPolicy: "Never" });
    expect((await cluster.create("Pod", pod("a", { priorityClassName: "high" })))["spec"]).toMatchObject({
      priority: 100,
      preemptionPolicy: "Never",
    });
    expect((await cluster.create("Pod", pod("b")))["spec"]).toMatchObject({ priority: 0, preemptionPolicy: "PreemptLowerPriority" });
    expect((await cluster.create("Pod", pod("c", { priorityClassName: "system-node-critical" })))["spec"]).toMatchObject({
      priority: 2_000_001_000,
    });
    await expect(cluster.create("Pod", pod("d", { priorityClassName: "none" }))).rejects.toThrow(
      'pods "d" is forbidden: no PriorityClass with name none was found',
    );
    await expect(cluster.create("Pod", pod("d", { priorityClassName: "high", priority: 5 }))).rejects.toThrow(
      "the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 100 from the given PriorityClass name",
    );
    await expect(cluster.create("Pod", pod("d", { priorityClassName: "high", preemptionPolicy: "PreemptLowerPriority" }))).rejects.toThrow(
      "the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name",
    );
  });

  test("has one default class, which pods without one get", async () => {
    const cluster = await start(priority);
    await addClass(cluster, "usual", 10, { globalDefault: true });
    expect((await cluster.create("Pod", pod("a")))["spec"]).toMatchObject({ priority: 10, priorityClassName: "usual" });
    await expect(addClass(cluster, "other", 5, { globalDefault: true })).rejects.toThrow(
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    );
    await cluster.patch("PriorityClass", "usual", { description: "still the default" });
  });
});

describe("RuntimeClass", () => {
  const overhead = { podFixed: { cpu: "250m" } };
  const scheduling = { nodeSelector: { sandbox: "yes" }, tolerations: [{ key: "sandbox", operator: "Exists" }] };
  const addClass = (cluster: ToyCluster, more: object) =>
    cluster.create("RuntimeClass", { metadata: { name: "kata" }, handler: "kata", ...more });

  test("gives overhead, node selector and tolerations", async () => {
    const cluster = await start(runtimeClass);
    await addClass(cluster, { overhead, scheduling });
    const own = [
      { key: "sandbox", operator: "Equal", value: "x", effect: "NoSchedule" },
      { key: "other", operator: "Exists" },
    ];
    const made = await cluster.create("Pod", pod("a", { runtimeClassName: "kata", nodeSelector: { disk: "ssd" }, tolerations: own }));
    expect(made["spec"]).toMatchObject({ overhead: { cpu: "250m" }, nodeSelector: { disk: "ssd", sandbox: "yes" } });
    expect((made["spec"] as { tolerations: unknown[] }).tolerations).toEqual([
      { key: "other", operator: "Exists" },
      { key: "sandbox", operator: "Exists" },
    ]);
    await cluster.create("Pod", pod("b", { runtimeClassName: "kata", overhead: { cpu: "0.25" } }));
    await expect(cluster.create("Pod", pod("c", { runtimeClassName: "kata", overhead: { cpu: "1" } }))).rejects.toThrow(
      `pods "c" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`,
    );
    await expect(cluster.create("Pod", pod("c", { runtimeClassName: "kata", nodeSelector: { sandbox: "no" } }))).rejects.toThrow(
      "conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no",
    );
  });

  test("has to exist, and overhead comes from it only", async () => {
    const cluster = await start(runtimeClass);
    await expect(cluster.create("Pod", pod("a", { runtimeClassName: "none" }))).rejects.toThrow(
      'pods "a" is forbidden: pod rejected: RuntimeClass "none" not found',
    );
    await expect(cluster.create("Pod", pod("a", { overhead: { cpu: "1" } }))).rejects.toThrow(
      "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
    );
  });
});

test("PodTopologyLabels copies zone and region of the node", async () => {
  const cluster = await start(podTopologyLabels);
  const labels = { "topology.kubernetes.io/zone": "z1", "topology.kubernetes.io/region": "r1", "kubernetes.io/os": "linux" };
  await cluster.create("Node", { metadata: { name: "n", labels } });
  const placed = await cluster.create("Pod", pod("a", { nodeName: "n" }, { labels: { "topology.kubernetes.io/zone": "mine" } }));
  const expected = { "topology.kubernetes.io/zone": "z1", "topology.kubernetes.io/region": "r1" };
  expect(placed.metadata.labels).toEqual(expected);
  expect((await cluster.create("Pod", pod("b"))).metadata.labels).toBeUndefined();
  await cluster.create("Pod", { metadata: { name: "b" }, target: { kind: "Node", name: "n" } }, { subresource: "binding" });
  expect((await cluster.get("Pod", "b")).metadata.labels).toEqual(expected);
});

describe("PodResizeValidator", () => {
  async function resize(node: object, requests: object): Promise<unknown> {
    const cluster = await start(podResizeValidator);
    await cluster.create("Node", { metadata: { name: "n", ...node }, status: { allocatable: { cpu: "2", memory: "1Gi" } } });
    const container = { name: "c", image: "i", resources: { requests: { cpu: "1", memory: "1Mi" } } };
    await cluster.create("Pod", pod("a", { nodeName: "n", containers: [container] }));
    return cluster.patch("Pod", "a", { spec: { containers: [{ name: "c", resources: { requests } }] } }, { subresource: "resize" });
  }

  test("lets pass what the node has", async () => {
    await resize({}, { cpu: "1500m", memory: "1Mi" });
  });

  test("refuses what the node does not have", async () => {
    await expect(resize({}, { cpu: "2500m", memory: "2Gi" })).rejects.toMatchObject({
      message:
        'pods "a" is forbidden: node didn\'t have enough allocatable resources: cpu, requested: 2500, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824',
      status: { details: { causes: [{ reason: "NodeCapacity" }] } },
    });
  });

  test("refuses it on other systems", async () => {
    await expect(resize({ labels: { "kubernetes.io/os": "windows" } }, { cpu: "1500m", memory: "1Mi" })).rejects.toThrow(
      'pod resize is only supported on linux nodes, node "n" is "windows"',
    );
  });
});

test("AlwaysPullImages does so for containers and image volumes", async () => {
  const cluster = await start(alwaysPullImages);
  const spec = {
    containers: [{ name: "c", image: "i", imagePullPolicy: "Never" }],
    initContainers: [{ name: "i", image: "i" }],
    volumes: [{ name: "v", image: { reference: "r", pullPolicy: "IfNotPresent" } }],
  };
  expect((await cluster.create("Pod", pod("a", spec)))["spec"]).toMatchObject({
    containers: [{ imagePullPolicy: "Always" }],
    initContainers: [{ imagePullPolicy: "Always" }],
    volumes: [{ image: { pullPolicy: "Always" } }],
  });
});

test("ExtendedResourceToleration tolerates the taints of the devices that are asked for", async () => {
  const cluster = await start(extendedResourceToleration);
  const amounts = { "example.com/b": "1", "example.com/a": "1", cpu: "1" };
  const containers = [{ name: "c", image: "i", resources: { requests: amounts, limits: amounts } }];
  const tolerations = [{ key: "example.com/a", operator: "Exists", effect: "NoSchedule" }];
  const made = await cluster.create("Pod", pod("a", { containers, tolerations }));
  expect((made["spec"] as { tolerations: unknown[] }).tolerations).toEqual([
    ...tolerations,
    { key: "example.com/b", operator: "Exists", effect: "NoSchedule" },
  ]);
});
