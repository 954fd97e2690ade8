import { MetricRegistry, type Clock } from "@coracle/base";
import { isConditionTrue } from "@coracle/apimachinery";
import type { Aggregator } from "../aggregator/index.ts";
import type { CheckOutcome } from "../health/health.ts";
import { addProcessMetrics } from "./process-metrics.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { WatchMetrics } from "./watch-metrics.ts";
import { workQueueLines, type NamedQueue } from "./work-queue-lines.ts";

/** How many objects of a resource there are. */
export interface ObjectCount {
  readonly group: string;
  readonly resource: string;
  readonly count: number;
}

export interface ServerMetricsOptions {
  readonly clock: Clock;
  /** Work queues of the process, asked with every reading. */
  readonly queues: () => readonly NamedQueue[];
  readonly objects: () => readonly ObjectCount[];
  readonly checks: () => readonly CheckOutcome[];
  /** Whose APIServices there are. Defaults to none. */
  readonly aggregator?: Pick<Aggregator, "services" | "outages">;
}

/** What `/metrics` and `/metrics/slis` tell. */
export class ServerMetrics {
  readonly requests: RequestMetrics;
  readonly watches: WatchMetrics;
  readonly #all = new MetricRegistry();
  readonly #slis = new MetricRegistry();

  constructor(options: ServerMetricsOptions) {
    const { clock, queues, objects, checks, aggregator } = options;
    this.requests = new RequestMetrics(this.#all, clock);
    this.watches = new WatchMetrics(this.#all);
    if (aggregator !== undefined) addAvailability(this.#all, aggregator);
    addObjectCounts(this.#all, objects);
    this.#all.written("workqueue", () => workQueueLines(queues()));
    addProcessMetrics(this.#all, clock);
    addCheckOutcomes(this.#all, checks);
    addCheckOutcomes(this.#slis, checks);
  }

  /** The text of a path; undefined when it has none. */
  textOf(path: string): string | undefined {
    if (path === "/metrics") return this.#all.render();
    return path === "/metrics/slis" ? this.#slis.render() : undefined;
  }
}

function addAvailability(registry: MetricRegistry, aggregator: Pick<Aggregator, "services" | "outages">): void {
  registry.gauge(
    "aggregator_unavailable_apiservice",
    "[ALPHA] Gauge of APIServices which are marked as unavailable broken down by APIService name.",
    () =>
      aggregator.services.map(({ metadata, status }) => ({
        labels: { name: metadata.name ?? "" },
        value: isConditionTrue(status?.conditions, "Available") ? 0 : 1,
      })),
  );
  registry.counted(
    "aggregator_unavailable_apiservice_total",
    "[ALPHA] Counter of APIServices which are marked as unavailable broken down by APIService name and reason.",
    () => aggregator.outages.map(({ name, reason, count }) => ({ labels: { name, reason }, value: count })),
  );
}

function addObjectCounts(registry: MetricRegistry, objects: () => readonly ObjectCount[]): void {
  const help = "Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.";
  registry.gauge("apiserver_resource_objects", `[ALPHA] ${help}`, () =>
    objects().map(({ group, resource, count }) => ({ labels: { group, resource }, value: count })),
  );
  registry.gauge("apiserver_storage_objects", `[STABLE] [DEPRECATED, consider using apiserver_resource_objects instead] ${help}`, () =>
    objects().map(({ group, resource, count }) => ({
      labels: { resource: group === "" ? resource : `${resource}.${group}` },
      value: count,
    })),
  );
}

function addCheckOutcomes(registry: MetricRegistry, checks: () => readonly CheckOutcome[]): void {
  registry.gauge("kubernetes_healthcheck", "[STABLE] This metric records the result of a single healthcheck.", () =>
    checks().map(({ name, endpoint, isHealthy }) => ({ labels: { name, type: endpoint }, value: isHealthy ? 1 : 0 })),
  );
  registry.counted("kubernetes_healthchecks_total", "[STABLE] This metric records the results of all healthcheck.", () =>
    checks().flatMap(({ name, endpoint, successes, errors }) =>
      Object.entries({ success: successes, error: errors })
        .filter(([, value]) => value > 0)
        .map(([status, value]) => ({ labels: { name, status, type: endpoint }, value })),
    ),
  );
}
