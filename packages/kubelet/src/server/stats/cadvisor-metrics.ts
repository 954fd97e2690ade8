import { availableParallelism, totalmem } from "node:os";
import { MetricRegistry, type Labels, type Sample } from "@coracle/base";
import type { MeasuredContainer, MeasuredPod, NodeStats } from "./node-stats.ts";

interface Family {
  readonly name: string;
  readonly help: string;
  readonly isCounter?: boolean;
  readonly labels?: Labels;
  /** Undefined where it was not measured. */
  readonly read: (container: MeasuredContainer) => number | undefined;
}

const families: readonly Family[] = [
  {
    name: "container_cpu_usage_seconds_total",
    help: "Cumulative cpu time consumed in seconds.",
    isCounter: true,
    labels: { cpu: "total" },
    read: ({ stats }) => stats.cpuNanoseconds / 1e9,
  },
  {
    name: "container_fs_usage_bytes",
    help: "Number of bytes that are consumed by the container on this filesystem.",
    read: ({ stats }) => stats.filesystem?.usedBytes,
  },
  {
    name: "container_last_seen",
    help: "Last time a container was seen by the exporter",
    read: ({ stats }) => Math.floor(stats.timestampMs / 1000),
  },
  { name: "container_memory_rss", help: "Size of RSS in bytes.", read: ({ stats }) => stats.rssBytes },
  { name: "container_memory_swap", help: "Container swap usage in bytes.", read: ({ stats }) => stats.swapBytes },
  {
    name: "container_memory_usage_bytes",
    help: "Current memory usage in bytes, including all memory regardless of when it was accessed",
    read: ({ stats }) => stats.usageBytes ?? stats.workingSetBytes,
  },
  { name: "container_memory_working_set_bytes", help: "Current working set in bytes.", read: ({ stats }) => stats.workingSetBytes },
  {
    name: "container_start_time_seconds",
    help: "Start time of the container since unix epoch in seconds.",
    read: ({ startedAtMs }) => startedAtMs / 1000,
  },
];

/** `/metrics/cadvisor`: what containers use, under cAdvisor's names and labels, as far as the runtime measures it. */
export function cadvisorMetrics(stats: NodeStats): string {
  const registry = new MetricRegistry();
  for (const { name, help, isCounter, labels = {}, read } of families) {
    const samples = (): readonly Sample[] => stats.pods.flatMap((pod) => samplesOf(pod, labels, read));
    if (isCounter === true) registry.counted(name, help, samples);
    else registry.gauge(name, help, samples);
  }
  registry.gauge("machine_cpu_cores", "Number of logical CPU cores.", () => availableParallelism());
  registry.gauge("machine_memory_bytes", "Amount of memory installed on the machine.", () => totalmem());
  return registry.render();
}

function samplesOf({ pod, containers }: MeasuredPod, more: Labels, read: Family["read"]): Sample[] {
  const { name = "", namespace = "" } = pod.metadata;
  return containers.flatMap((container) => {
    const value = read(container);
    const image = pod.spec?.containers.find((each) => each.name === container.name)?.image ?? "";
    const labels = {
      container: container.name,
      ...more,
      id: container.stats.containerId,
      image,
      name: container.stats.containerId,
      namespace,
      pod: name,
    };
    return value === undefined ? [] : [{ labels, value }];
  });
}
