import { silentLogger, VirtualClock } from "@coracle/base";
import type { Node, Pod } from "@coracle/api";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { Collector } from "./collector.ts";
import { metricsDefinitions } from "./definitions.ts";
import { readSamples, type NodeSamples, type Sample } from "./samples.ts";
import { nodeMetricsSource, podMetricsSource } from "./sources.ts";
import { podUsageOf, usageOf } from "./usage.ts";

const startMs = Date.parse("2026-01-01T00:00:00Z");

describe("samples", () => {
  it("are read from a kubelet's text", () => {
    const text = `# HELP container_cpu_usage_seconds_total x
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="c",namespace="n",pod="p"} 1.5 1700000000123
container_cpu_usage_seconds_total{container="half",namespace="n",pod="p"} 1.5 1700000000123
container_memory_working_set_bytes{container="c",namespace="n",pod="p"} 1e+06 1700000000123
container_start_time_seconds{container="c",namespace="n",pod="p"} 1699999999.5
container_swap_usage_bytes{container="c",namespace="n",pod="p"} 7
node_cpu_usage_seconds_total 42 1700000000200
node_memory_working_set_bytes 4096 1700000000200
pod_cpu_usage_seconds_total{namespace="n",pod="p"} 3 1700000000123
resource_scrape_error 0
`;
    expect(readSamples(text, 0)).toEqual({
      node: { timestampMs: 1_700_000_000_200, cpuSeconds: 42, memoryBytes: 4096 },
      pods: new Map([
        ["n/p", new Map([["c", { timestampMs: 1_700_000_000_123, cpuSeconds: 1.5, memoryBytes: 1e6, startedAtMs: 1_699_999_999_500 }]])],
      ]),
    });
    expect(readSamples("<html>", 0)).toEqual({ pods: new Map() });
  });
});

describe("usage", () => {
  const at = (seconds: number, cpuSeconds: number, startedAtMs = startMs): Sample => ({
    timestampMs: startMs + seconds * 1000,
    cpuSeconds,
    memoryBytes: 10,
    startedAtMs,
  });

  it("is the difference of two looks at the same container", () => {
    expect(usageOf(at(100, 10), at(115, 25))).toEqual({ endMs: startMs + 115_000, windowMs: 15_000, cores: 1, memoryBytes: 10 });
    expect(usageOf(undefined, at(115, 25))).toBeUndefined();
    expect(usageOf(at(115, 25), at(115, 25))).toBeUndefined();
    expect(usageOf(at(100, 10), at(115, 5))).toBeUndefined();
  });

  it("is over the life of a container that has just started, also in place of another", () => {
    expect(usageOf(undefined, at(10, 5))).toMatchObject({ windowMs: 10_000, cores: 0.5 });
    const restarted = at(120, 2, startMs + 116_000);
    expect(usageOf(at(115, 25), restarted)).toMatchObject({ windowMs: 4000, cores: 0.5 });
  });

  it("of a pod is known when that of every container is", () => {
    const samples = (containers: Record<string, Sample>): NodeSamples => ({
      pods: new Map([["n/p", new Map(Object.entries(containers))]]),
    });
    const previous = samples({ a: at(100, 0) });
    expect(podUsageOf("n/p", previous, samples({ a: at(115, 15), b: at(115, 0) }))).toBeUndefined();
    expect(podUsageOf("n/p", previous, samples({ a: at(115, 15) }))?.containers.get("a")?.cores).toBe(1);
    expect(podUsageOf("n/q", previous, samples({}))).toBeUndefined();
  });
});

/** A cluster of one node and one pod, which uses a quarter of a CPU and a mebibyte. */
function createCluster() {
  const clock = new VirtualClock(startMs + 3_600_000);
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1", labels: { zone: "a" } } } as Node;
  const pod = (name: string, phase: string) =>
    ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "shop", labels: { app: name } },
      spec: { nodeName: "n1", containers: [] },
      status: { phase },
    }) as Pod;
  const pods = [pod("web", "Running"), pod("done", "Succeeded")];
  const reads: number[] = [];
  let failure: Error | undefined;
  const read = async (): Promise<NodeSamples> => {
    reads.push(clock.now());
    if (failure !== undefined) throw failure;
    const seconds = (clock.now() - startMs) / 1000;
    const sample = (cores: number, memoryBytes: number): Sample => ({ timestampMs: clock.now(), cpuSeconds: seconds * cores, memoryBytes });
    const web = new Map([
      ["app", { ...sample(0.25, 2 ** 20), startedAtMs: startMs }],
      ["side", { ...sample(0.0000001, 1000), startedAtMs: startMs }],
    ]);
    return { node: sample(0.5, 2 ** 30), pods: new Map([["shop/web", web]]) };
  };
  const collector = new Collector({ nodes: () => [node], read, clock, log: silentLogger });
  const objects = {
    node: (name: string) => (name === "n1" ? node : undefined),
    nodes: () => [node],
    pod: (namespace: string, name: string) => pods.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace),
    pods: (namespace: string) => pods.filter(({ metadata }) => namespace === "" || metadata.namespace === namespace),
  };
  return {
    clock,
    collector,
    reads,
    nodes: nodeMetricsSource(objects, collector),
    pods: podMetricsSource(objects, collector),
    fail: (error: Error | undefined) => (failure = error),
  };
}

async function settle<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  await clock.advance(1000);
  return work;
}

describe("metrics of nodes and pods", () => {
  it("are there after a second, with labels and quantities", async () => {
    const { clock, nodes, pods, collector } = createCluster();
    const list = await settle(clock, pods.list(""));
    const timestamp = "2026-01-01T01:00:01Z";
    expect(list).toEqual([
      {
        kind: "PodMetrics",
        apiVersion: "metrics.k8s.io/v1beta1",
        metadata: { name: "web", namespace: "shop", creationTimestamp: timestamp, labels: { app: "web" } },
        timestamp,
        window: "1s",
        containers: [
          { name: "app", usage: { cpu: "250m", memory: "1Mi" } },
          { name: "side", usage: { cpu: "100n", memory: "1k" } },
        ],
      },
    ]);
    expect(await nodes.get("", "n1")).toMatchObject({
      kind: "NodeMetrics",
      metadata: { labels: { zone: "a" } },
      usage: { cpu: "500m", memory: "1Gi" },
    });
    expect(await nodes.get("", "n2")).toBeUndefined();
    expect(await pods.get("shop", "done")).toBeUndefined();
    expect(await pods.list("other")).toEqual([]);
    collector[Symbol.dispose]();
  });

  it("are measured every fifteen seconds while somebody asks, and no longer", async () => {
    const { clock, nodes, reads } = createCluster();
    await clock.advance(60_000);
    expect(reads).toHaveLength(0);
    await settle(clock, nodes.list(""));
    expect(reads).toHaveLength(2);
    await clock.advance(15_000);
    expect(await nodes.list("")).toMatchObject([{ window: "15s" }]);
    await clock.advance(10 * 60_000);
    const count = reads.length;
    expect(count).toBeLessThan(3 + 21);
    await clock.advance(10 * 60_000);
    expect(reads).toHaveLength(count);
    // Old figures are not shown again.
    expect(await settle(clock, nodes.list(""))).toMatchObject([{ window: "1s" }]);
    await clock.advance(20 * 60_000);
  });

  it("are missing while a kubelet does not answer", async () => {
    const { clock, nodes, fail, collector } = createCluster();
    fail(new Error("no route"));
    expect(await settle(clock, nodes.list(""))).toEqual([]);
    fail(undefined);
    await clock.advance(30_000);
    expect(await nodes.list("")).toHaveLength(1);
    collector[Symbol.dispose]();
  });

  it("are printed in metrics-server's columns", () => {
    const [, pods] = metricsDefinitions();
    const object = {
      metadata: { name: "web" },
      window: "15s",
      containers: [{ usage: { cpu: "250m", memory: "1Mi" } }, { usage: { cpu: "1", memory: "1Ki" } }],
    } as unknown as UnstructuredObject;
    const cells = pods?.versions[0]?.columns.map(({ name, cell }) => [name, cell(object, 0)]);
    expect(cells).toEqual([
      ["Name", "web"],
      ["cpu", "1250m"],
      ["memory", "1025Ki"],
      ["Window", "15s"],
    ]);
  });
});
