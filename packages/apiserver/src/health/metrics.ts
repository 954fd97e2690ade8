import { sendText } from "../http/respond.ts";
import type { HttpExchange } from "../http/exchange.ts";

const bucketsSeconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface Series {
  count: number;
  sumSeconds: number;
  readonly buckets: number[];
}

export interface MeasuredRequest {
  readonly verb: string;
  readonly resource: string;
  readonly code: number;
  readonly seconds: number;
  /** Watches and proxied streams last as long as they like. */
  readonly isLongRunning: boolean;
}

/** Counts requests and serves `/metrics` in Prometheus' text format, under upstream's names. */
export class RequestMetrics {
  readonly #counts = new Map<string, number>();
  readonly #latencies = new Map<string, Series>();
  readonly #gauges = new Map<string, () => number>();

  /** A value that is read when asked for. */
  gauge(name: string, read: () => number): void {
    this.#gauges.set(name, read);
  }

  observe({ verb, resource, code, seconds, isLongRunning }: MeasuredRequest): void {
    const labels = `resource="${escapeLabel(resource)}",verb="${escapeLabel(verb.toUpperCase())}"`;
    const counted = `code="${code}",${labels}`;
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
    if (isLongRunning) return;
    let series = this.#latencies.get(labels);
    if (series === undefined) {
      series = { count: 0, sumSeconds: 0, buckets: bucketsSeconds.map(() => 0) };
      this.#latencies.set(labels, series);
    }
    series.count++;
    series.sumSeconds += seconds;
    for (const [index, limit] of bucketsSeconds.entries()) {
      if (seconds <= limit) series.buckets[index] = (series.buckets[index] ?? 0) + 1;
    }
  }

  send(exchange: HttpExchange): void {
    sendText(exchange, 200, this.render());
  }

  render(): string {
    const total = "apiserver_request_total";
    const duration = "apiserver_request_duration_seconds";
    const lines = [`# HELP ${total} Requests by verb, resource and code.`, `# TYPE ${total} counter`];
    for (const [labels, count] of this.#counts) lines.push(`${total}{${labels}} ${count}`);
    lines.push(`# HELP ${duration} Time to answer, in seconds.`, `# TYPE ${duration} histogram`);
    for (const [labels, series] of this.#latencies) {
      for (const [index, limit] of bucketsSeconds.entries()) {
        lines.push(`${duration}_bucket{${labels},le="${limit}"} ${series.buckets[index]}`);
      }
      lines.push(`${duration}_bucket{${labels},le="+Inf"} ${series.count}`);
      lines.push(`${duration}_sum{${labels}} ${series.sumSeconds}`, `${duration}_count{${labels}} ${series.count}`);
    }
    for (const [name, read] of this.#gauges) lines.push(`# TYPE ${name} gauge`, `${name} ${read()}`);
    return `${lines.join("\n")}\n`;
  }
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
