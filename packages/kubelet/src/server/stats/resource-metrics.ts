import type { MeasuredContainer, MeasuredPod, NodeStats } from "./node-stats.ts";

const nanosecondsPerSecond = 1e9;

/** `/metrics/resource`: what metrics-server reads, in Prometheus' text form, with the kubelet's names and help. */
export function resourceMetrics({ pods, timestampMs, cpuNanoseconds, workingSetBytes }: NodeStats): string {
  const containers = pods.flatMap(({ pod, containers: running }) => running.map((container) => ({ pod, container })));
  const lines = [
    ...family("container_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the container in core-seconds"),
    ...containers.map((each) => sample("container_cpu_usage_seconds_total", labelsOf(each), seconds(each.container), at(each.container))),
    ...family("container_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the container in bytes"),
    ...containers.map((each) =>
      sample("container_memory_working_set_bytes", labelsOf(each), each.container.stats.workingSetBytes, at(each.container)),
    ),
    ...family("container_start_time_seconds", "gauge", "[STABLE] Start time of the container since unix epoch in seconds"),
    ...containers.map((each) => sample("container_start_time_seconds", labelsOf(each), each.container.startedAtMs / 1000)),
    ...family("node_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the node in core-seconds"),
    sample("node_cpu_usage_seconds_total", "", cpuNanoseconds / nanosecondsPerSecond, timestampMs),
    ...family("node_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the node in bytes"),
    sample("node_memory_working_set_bytes", "", workingSetBytes, timestampMs),
    ...family("pod_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the pod in core-seconds"),
    ...pods.map((each) => sample("pod_cpu_usage_seconds_total", podLabels(each), sum(each, seconds), latest(each))),
    ...family("pod_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the pod in bytes"),
    ...pods.map((each) =>
      sample(
        "pod_memory_working_set_bytes",
        podLabels(each),
        sum(each, ({ stats }) => stats.workingSetBytes),
        latest(each),
      ),
    ),
    ...family("resource_scrape_error", "gauge", "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise"),
    sample("resource_scrape_error", "", 0),
  ];
  return `${lines.join("\n")}\n`;
}

function family(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function sample(name: string, labels: string, value: number, timestampMs?: number): string {
  return `${name}${labels} ${value}${timestampMs === undefined ? "" : ` ${Math.round(timestampMs)}`}`;
}

/** Names of pods, namespaces and containers need no escapes. */
function labelsOf({ pod, container }: { pod: MeasuredPod["pod"]; container: MeasuredContainer }): string {
  return `{container="${container.name}",namespace="${pod.metadata.namespace ?? ""}",pod="${pod.metadata.name ?? ""}"}`;
}

function podLabels({ pod }: MeasuredPod): string {
  return `{namespace="${pod.metadata.namespace ?? ""}",pod="${pod.metadata.name ?? ""}"}`;
}

function seconds({ stats }: MeasuredContainer): number {
  return stats.cpuNanoseconds / nanosecondsPerSecond;
}

function at({ stats }: MeasuredContainer): number {
  return stats.timestampMs;
}

function sum({ containers }: MeasuredPod, value: (container: MeasuredContainer) => number): number {
  return containers.reduce((total, container) => total + value(container), 0);
}

function latest({ containers }: MeasuredPod): number {
  return Math.max(...containers.map(at));
}
