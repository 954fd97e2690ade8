import { MetricRegistry, type Clock, type Counter, type Histogram } from "@coracle/base";
import { ProbeMetrics } from "./probe-metrics.ts";

/** What `/metrics` tells of pods. */
export interface Population {
  /** Pods that the node shall run. */
  readonly desired: number;
  readonly running: number;
  /** Containers by `created`, `running`, `exited`, `unknown`. */
  readonly containers: Readonly<Record<string, number>>;
}

export interface KubeletMetricsOptions {
  readonly nodeName: string;
  readonly clock: Clock;
  /** Asked with every reading. */
  readonly population: () => Population;
}

/** From 5 ms by powers of 2.5 to about ten minutes, as upstream. */
const durationBuckets = Array.from({ length: 14 }, (_, power) => 0.005 * 2.5 ** power);

/** What one node's agent has done, under the kubelet's names. */
export class KubeletMetrics {
  readonly clock: Clock;
  readonly probes: ProbeMetrics;
  readonly #registry = new MetricRegistry();
  readonly #operations: Counter;
  readonly #operationDurations: Histogram;
  readonly #operationErrors: Counter;

  constructor({ nodeName, clock, population }: KubeletMetricsOptions) {
    const registry = this.#registry;
    this.clock = clock;
    this.probes = new ProbeMetrics(clock);
    registry.gauge("kubelet_node_name", "[ALPHA] The node's name. The count is always 1.", () => [
      { labels: { node: nodeName }, value: 1 },
    ]);
    registry.gauge(
      "kubelet_desired_pods",
      "[ALPHA] The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.",
      () => [{ labels: { static: "" }, value: population().desired }],
    );
    registry.gauge("kubelet_running_pods", "[ALPHA] Number of pods that have a running pod sandbox", () => population().running);
    registry.gauge("kubelet_running_containers", "[ALPHA] Number of containers currently running", () =>
      Object.entries(population().containers).map(([state, value]) => ({ labels: { container_state: state }, value })),
    );
    this.#operations = registry.counter(
      "kubelet_runtime_operations_total",
      "[ALPHA] Cumulative number of runtime operations by operation type.",
    );
    this.#operationDurations = registry.histogram(
      "kubelet_runtime_operations_duration_seconds",
      "[ALPHA] Duration in seconds of runtime operations. Broken down by operation type.",
      durationBuckets,
    );
    this.#operationErrors = registry.counter(
      "kubelet_runtime_operations_errors_total",
      "[ALPHA] Cumulative number of runtime operation errors by operation type.",
    );
  }

  /** Counts an operation of the runtime, such as `run_podsandbox`, and passes its result on. */
  async measure<T>(operation: string, run: () => Promise<T>): Promise<T> {
    const labels = { operation_type: operation };
    const startMs = this.clock.monotonic();
    this.#operations.add(labels);
    try {
      return await run();
    } catch (error) {
      this.#operationErrors.add(labels);
      throw error;
    } finally {
      this.#operationDurations.observe(labels, (this.clock.monotonic() - startMs) / 1000);
    }
  }

  /** `/metrics`. */
  render(): string {
    return this.#registry.render();
  }
}
