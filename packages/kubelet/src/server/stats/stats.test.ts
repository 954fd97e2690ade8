import { createSeededRandom, VirtualClock } from "@coracle/base";
import type { Pod } from "@coracle/api";
import { describe, expect, it } from "vitest";
import { containerNameLabel, podUidLabel } from "../../containers/labels.ts";
import type { Kubelet } from "../../kubelet.ts";
import type { ContainerConfig, PodSandboxConfig } from "../../runtime/runtime.ts";
import { createSimulatedRuntime } from "../../runtime/simulated/simulated-runtime.ts";
import { NodeMeter } from "./node-stats.ts";
import { resourceMetrics } from "./resource-metrics.ts";
import { statsSummary, usageForNext } from "./summary.ts";

const startMs = Date.parse("2026-01-01T00:00:00Z");

/** A node with one pod of the containers `app` and `side`, which run on the simulated runtime. */
async function startNode(annotations: Record<string, string>) {
  const clock = new VirtualClock(startMs);
  const runtime = createSimulatedRuntime({ clock, random: createSeededRandom(1), podCidr: "10.0.0.0/24" });
  const metadata = { name: "web", namespace: "shop", uid: "u1" };
  const labels = { [podUidLabel]: "u1" };
  const sandboxConfig = {
    metadata: { ...metadata, attempt: 0 },
    hostname: "web",
    labels,
    annotations,
    linux: {},
  } as unknown as PodSandboxConfig;
  const sandboxId = await runtime.runPodSandbox(sandboxConfig);
  for (const name of ["app", "side"]) {
    const config = {
      metadata: { name, attempt: 0 },
      image: "nginx",
      command: [],
      args: [],
      env: [],
      labels: { ...labels, [containerNameLabel]: name },
      annotations: {},
    } as unknown as ContainerConfig;
    await runtime.startContainer(await runtime.createContainer(sandboxId, config, sandboxConfig));
  }
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, annotations },
    spec: { containers: [{ name: "app" }, { name: "side" }] },
    status: { startTime: "2026-01-01T00:00:00Z" },
  } as unknown as Pod;
  const kubelet = {
    nodeName: "node-1",
    runtime,
    pods: () => [pod],
    findPod: async () => undefined,
  } as unknown as Kubelet;
  const containers = await runtime.listContainers();
  Object.assign(kubelet, { findPod: () => ({ pod, runtimePod: { sandboxes: [], containers } }) });
  return { clock, runtime, kubelet, pod, meter: new NodeMeter(kubelet, clock.now()) };
}

describe("what a simulated node uses", () => {
  it("is what annotations say, and may change", async () => {
    const { clock, meter, pod } = await startNode({
      "kwok.x-k8s.io/usage-cpu": "250m",
      "kwok.x-k8s.io/usage-memory": "100Mi",
      "simulated.coracle.dev/side.cpu": "1",
    });
    await clock.advance(10_000);
    const first = await meter.measure(clock.now());
    const usage = first.pods[0]?.containers.map(({ name, stats }) => [name, stats.cpuNanoseconds, stats.workingSetBytes]);
    expect(usage).toEqual([
      ["app", 2_500_000_000, 104_857_600],
      ["side", 10_000_000_000, 104_857_600],
    ]);
    expect([first.cpuNanoseconds, first.workingSetBytes]).toEqual([12_500_000_000, 209_715_200]);
    pod.metadata.annotations = {
      "kwok.x-k8s.io/usage-cpu": "2",
      "simulated.coracle.dev/app.memory": "1Gi",
      "simulated.coracle.dev/side.cpu": "x",
    };
    await clock.advance(1000);
    const second = await meter.measure(clock.now());
    expect(second.pods[0]?.containers.map(({ stats }) => [stats.cpuNanoseconds, stats.workingSetBytes])).toEqual([
      [4_500_000_000, 1_073_741_824],
      // What is no quantity counts as nothing being said.
      [10_001_000_000, 1_048_576],
    ]);
  });

  it("does not go back when containers go", async () => {
    const { clock, meter, runtime, kubelet } = await startNode({ "kwok.x-k8s.io/usage-cpu": "1" });
    await clock.advance(5000);
    expect((await meter.measure(clock.now())).cpuNanoseconds).toBe(10_000_000_000);
    const [one] = await runtime.listContainers();
    await runtime.stopContainer(one?.id ?? "", 0);
    await clock.advance(1000);
    expect((await meter.measure(clock.now())).cpuNanoseconds).toBe(11_000_000_000);
    expect(kubelet.pods()).toHaveLength(1);
  });

  it("is told in the kubelet's metrics", async () => {
    const { clock, meter } = await startNode({ "kwok.x-k8s.io/usage-cpu": "500m", "kwok.x-k8s.io/usage-memory": "1Ki" });
    await clock.advance(2000);
    const at = startMs + 2000;
    expect(resourceMetrics(await meter.measure(clock.now())))
      .toBe(`# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="app",namespace="shop",pod="web"} 1 ${at}
container_cpu_usage_seconds_total{container="side",namespace="shop",pod="web"} 1 ${at}
# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes
# TYPE container_memory_working_set_bytes gauge
container_memory_working_set_bytes{container="app",namespace="shop",pod="web"} 1024 ${at}
container_memory_working_set_bytes{container="side",namespace="shop",pod="web"} 1024 ${at}
# HELP container_start_time_seconds [STABLE] Start time of the container since unix epoch in seconds
# TYPE container_start_time_seconds gauge
container_start_time_seconds{container="app",namespace="shop",pod="web"} ${startMs / 1000}
container_start_time_seconds{container="side",namespace="shop",pod="web"} ${startMs / 1000}
# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total 2 ${at}
# HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes
# TYPE node_memory_working_set_bytes gauge
node_memory_working_set_bytes 2048 ${at}
# HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds
# TYPE pod_cpu_usage_seconds_total counter
pod_cpu_usage_seconds_total{namespace="shop",pod="web"} 2 ${at}
# HELP pod_memory_working_set_bytes [STABLE] Current working set of the pod in bytes
# TYPE pod_memory_working_set_bytes gauge
pod_memory_working_set_bytes{namespace="shop",pod="web"} 2048 ${at}
# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise
# TYPE resource_scrape_error gauge
resource_scrape_error 0
`);
  });

  it("is told in the summary, with rates since the last one", async () => {
    const { clock, meter, pod } = await startNode({ "kwok.x-k8s.io/usage-cpu": "500m" });
    await clock.advance(2000);
    const first = await meter.measure(clock.now());
    expect(statsSummary(first, new Map())).toMatchObject({
      node: { nodeName: "node-1", startTime: "2026-01-01T00:00:00Z", cpu: { usageCoreNanoSeconds: 2_000_000_000 } },
      pods: [
        {
          podRef: { name: "web", namespace: "shop", uid: "u1" },
          containers: [{ name: "app", cpu: { usageNanoCores: 500_000_000 } }, { name: "side" }],
          cpu: { usageNanoCores: 1_000_000_000, usageCoreNanoSeconds: 2_000_000_000 },
          memory: { workingSetBytes: 2_097_152 },
        },
      ],
    });
    pod.metadata.annotations = { "kwok.x-k8s.io/usage-cpu": "2" };
    await clock.advance(1000);
    const second = statsSummary(await meter.measure(clock.now()), usageForNext(first));
    expect(second).toMatchObject({
      node: { cpu: { usageNanoCores: 4_000_000_000 } },
      pods: [{ containers: [{ cpu: { usageNanoCores: 2_000_000_000 } }, {}] }],
    });
  });
});
