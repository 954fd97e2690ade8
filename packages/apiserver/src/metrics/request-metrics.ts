import type { Clock, Counter, Histogram, MetricRegistry } from "@coracle/base";
import type { HttpExchange } from "../http/exchange.ts";
import type { RequestInfo } from "../http/request-info.ts";
import { dryRunOf, requestLabels, type RequestLabels } from "./request-labels.ts";

const durationBuckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const sliBuckets = durationBuckets.slice(2);
/** From a thousand bytes by powers of ten. */
const sizeBuckets = Array.from({ length: 7 }, (_, power) => 1000 * 10 ** power);
const readVerbs = new Set(["GET", "LIST"]);
const readMethods = new Set(["GET", "HEAD"]);

/** A request that is being served. */
export interface MeasuredRequest {
  /** Counts it, once. `code` defaults to the status that was sent. */
  end(code?: number): void;
}

/** Counts and times requests under the names and labels of kube-apiserver 1.36. */
export class RequestMetrics {
  readonly #clock: Clock;
  readonly #total: Counter;
  readonly #duration: Histogram;
  readonly #sli: Histogram;
  readonly #sizes: Histogram;
  readonly #active = { readOnly: 0, mutating: 0 };
  readonly #longRunning = new Map<string, { readonly labels: RequestLabels; count: number }>();

  constructor(registry: MetricRegistry, clock: Clock) {
    this.#clock = clock;
    this.#total = registry.counter(
      "apiserver_request_total",
      "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
    );
    this.#duration = registry.histogram(
      "apiserver_request_duration_seconds",
      "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
      durationBuckets,
    );
    this.#sli = registry.histogram(
      "apiserver_request_sli_duration_seconds",
      "[ALPHA] Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.",
      sliBuckets,
    );
    this.#sizes = registry.histogram(
      "apiserver_response_sizes",
      "[STABLE] Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.",
      sizeBuckets,
    );
    registry.gauge(
      "apiserver_longrunning_requests",
      "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.",
      () => [...this.#longRunning.values()].map(({ labels, count }) => ({ labels, value: count })),
    );
    registry.gauge(
      "apiserver_current_inflight_requests",
      "[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.",
      () => Object.entries(this.#active).map(([kind, value]) => ({ labels: { request_kind: kind }, value })),
    );
  }

  /** `info` is undefined when the URL could not be read. Watches and streams are long-running: they last as long as they like. */
  begin(exchange: HttpExchange, info: RequestInfo | undefined, isLongRunning: boolean): MeasuredRequest {
    const startMs = this.#clock.monotonic();
    const release = isLongRunning ? this.#track(requestLabels(exchange, info)) : this.#occupy(exchange.method);
    let isOver = false;
    return {
      end: (code = exchange.statusCode) => {
        if (isOver) return;
        isOver = true;
        release();
        // What is not served is counted without its name: clients may ask for anything.
        const labels = requestLabels(exchange, code === 404 && !isLongRunning ? undefined : info);
        if (readVerbs.has(labels.verb)) this.#sizes.observe(labels, exchange.sentBytes);
        this.#observe(labels, { dryRun: dryRunOf(info), code, seconds: (this.#clock.monotonic() - startMs) / 1000 });
      },
    };
  }

  #observe(labels: RequestLabels, { dryRun, code, seconds }: { dryRun: string; code: number; seconds: number }): void {
    const { component, group, resource, scope, subresource, verb, version } = labels;
    const withDryRun = { component, dry_run: dryRun, group, resource, scope, subresource, verb, version };
    this.#total.add({ code: String(code), ...withDryRun });
    this.#duration.observe(withDryRun, seconds);
    if (dryRun === "") this.#sli.observe(labels, seconds);
  }

  #occupy(method: string): () => void {
    const kind = readMethods.has(method) ? "readOnly" : "mutating";
    this.#active[kind]++;
    return () => this.#active[kind]--;
  }

  #track(labels: RequestLabels): () => void {
    const key = Object.values(labels).join("\n");
    const entry = this.#longRunning.get(key) ?? { labels, count: 0 };
    this.#longRunning.set(key, entry);
    entry.count++;
    return () => {
      entry.count--;
      if (entry.count === 0) this.#longRunning.delete(key);
    };
  }
}
