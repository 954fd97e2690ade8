import type { Counter, Histogram, MetricRegistry } from "@coracle/base";

/** From a kibibyte by powers of two, as upstream. */
const sizeBuckets = Array.from({ length: 8 }, (_, power) => 1024 * 2 ** power);

/** What watches have sent, under upstream's names. */
export class WatchMetrics {
  readonly #total: Counter;
  readonly #sizes: Histogram;

  constructor(registry: MetricRegistry) {
    this.#total = registry.counter("apiserver_watch_events_total", "[ALPHA] Number of events sent in watch clients");
    this.#sizes = registry.histogram("apiserver_watch_events_sizes", "[ALPHA] Watch event size distribution in bytes", sizeBuckets);
  }

  /** For one watch; to be called with the bytes of each event. */
  counterOf(group: string, version: string, resource: string): (bytes: number) => void {
    const labels = { group, resource, version };
    const count = this.#total.bound(labels);
    const observe = this.#sizes.bound(labels);
    return (bytes) => {
      count(1);
      observe(bytes);
    };
  }
}
