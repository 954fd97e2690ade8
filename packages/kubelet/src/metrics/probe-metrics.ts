import { MetricRegistry, type Clock, type Counter, type Histogram, type Labels } from "@coracle/base";
import type { Pod } from "@coracle/api";

/** Prometheus' default bounds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const results = ["successful", "failed"] as const;

export interface ProbedContainer {
  readonly pod: Pod;
  readonly container: { readonly name: string };
}

/** What probes found, under the kubelet's names: `/metrics/probes`. Series go with their containers. */
export class ProbeMetrics {
  readonly #clock: Clock;
  readonly #registry = new MetricRegistry();
  readonly #total: Counter;
  readonly #duration: Histogram;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#total = this.#registry.counter(
      "prober_probe_total",
      "[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.",
    );
    this.#duration = this.#registry.histogram(
      "prober_probe_duration_seconds",
      "[ALPHA] Duration in seconds for a probe response.",
      buckets,
    );
  }

  /** Runs a probe and counts it. `type` is `Liveness`, `Readiness` or `Startup`. */
  async measure<T extends { readonly isSuccess: boolean }>(target: ProbedContainer, type: string, probe: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.monotonic();
    const found = await probe();
    this.#total.add(totalLabels(target, type, found.isSuccess ? "successful" : "failed"));
    this.#duration.observe(durationLabels(target, type), (this.#clock.monotonic() - startMs) / 1000);
    return found;
  }

  forget(target: ProbedContainer, type: string): void {
    for (const result of results) this.#total.remove(totalLabels(target, type, result));
    this.#duration.remove(durationLabels(target, type));
  }

  render(): string {
    return this.#registry.render();
  }
}

function totalLabels({ pod, container }: ProbedContainer, type: string, result: (typeof results)[number]): Labels {
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  return { container: container.name, namespace, pod: name, pod_uid: uid, probe_type: type, result };
}

function durationLabels({ pod, container }: ProbedContainer, type: string): Labels {
  const { name = "", namespace = "" } = pod.metadata;
  return { container: container.name, namespace, pod: name, probe_type: type };
}
