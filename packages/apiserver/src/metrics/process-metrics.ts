import { availableParallelism } from "node:os";
import type { Clock, MetricRegistry } from "@coracle/base";
import { versionInfo } from "../health/version.ts";

/** What Prometheus expects of every process, under the names that its dashboards use, and which build this is. */
export function addProcessMetrics(registry: MetricRegistry, clock: Clock): void {
  const startSeconds = clock.now() / 1000 - process.uptime();
  registry.counted("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registry.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", () => process.memoryUsage.rss());
  registry.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", () => startSeconds);
  registry.gauge("nodejs_heap_used_bytes", "Memory that JavaScript objects take.", () => process.memoryUsage().heapUsed);
  registry.gauge("nodejs_heap_total_bytes", "Memory that the JavaScript heap has.", () => process.memoryUsage().heapTotal);
  registry.gauge("nodejs_available_parallelism", "Processors that this process may use.", () => availableParallelism());
  const { buildDate, compiler, gitCommit, gitTreeState, gitVersion, goVersion, major, minor, platform } = versionInfo;
  const labels = {
    build_date: buildDate,
    compiler,
    git_commit: gitCommit,
    git_tree_state: gitTreeState,
    git_version: gitVersion,
    go_version: goVersion,
    major,
    minor,
    platform,
  };
  registry.gauge(
    "kubernetes_build_info",
    "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
    () => [{ labels, value: 1 }],
  );
}
