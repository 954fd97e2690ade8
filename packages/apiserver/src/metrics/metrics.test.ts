import { MetricRegistry, VirtualClock } from "@coracle/base";
import { WorkQueue } from "@coracle/client";
import { expect, it } from "vitest";
import type { HttpExchange } from "../http/exchange.ts";
import { parseRequestInfo } from "../http/request-info.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { WatchMetrics } from "./watch-metrics.ts";
import { workQueueLines } from "./work-queue-lines.ts";

const clock = new VirtualClock();

function linesOf(registry: MetricRegistry, name: string): string[] {
  return registry
    .render()
    .split("\n")
    .filter((line) => line.startsWith(name));
}

function exchange(method: string, url: string, contentType?: string): HttpExchange {
  return {
    method,
    url,
    statusCode: 200,
    sentBytes: 4000,
    headers: { ...(contentType !== undefined && { "content-type": contentType }) },
  } as HttpExchange;
}

it("writes counters and histograms as Prometheus reads them", () => {
  const registry = new MetricRegistry();
  const counter = registry.counter("a_total", "Of a.");
  counter.add({ path: 'say "hi"\\\n' });
  counter.add({ path: "b" }, 2);
  const histogram = registry.histogram("t_seconds", "Of t.", [1, 2]);
  for (const value of [0.5, 2, 5]) histogram.observe({}, value);
  registry.gauge("g", "Of g.", () => 3);
  expect(registry.render()).toBe(
    [
      "# HELP a_total Of a.",
      "# TYPE a_total counter",
      'a_total{path="say \\"hi\\"\\\\\\n"} 1',
      'a_total{path="b"} 2',
      "# HELP t_seconds Of t.",
      "# TYPE t_seconds histogram",
      't_seconds_bucket{le="1"} 1',
      't_seconds_bucket{le="2"} 2',
      't_seconds_bucket{le="+Inf"} 3',
      "t_seconds_sum 7.5",
      "t_seconds_count 3",
      "# HELP g Of g.",
      "# TYPE g gauge",
      "g 3",
      "",
    ].join("\n"),
  );
  expect(() => registry.counter("a_total", "")).toThrow("there is a metric a_total already");
});

it("labels requests as kube-apiserver does", () => {
  const registry = new MetricRegistry();
  const metrics = new RequestMetrics(registry, clock);
  const count = (method: string, url: string, { code = 200, type }: { code?: number; type?: string } = {}): void => {
    metrics.begin(exchange(method, url, type), parseRequestInfo(method, url), false).end(code);
  };
  count("GET", "/apis/apps/v1/namespaces/a/deployments");
  count("GET", "/apis/apps/v1/namespaces/a/deployments/b/status");
  count("POST", "/api/v1/namespaces/a/pods?dryRun=All", { code: 201 });
  count("PATCH", "/api/v1/namespaces/a/pods/p", { type: "application/apply-patch+yaml" });
  count("GET", "/api/v1/namespaces/a/pods/p/log");
  count("GET", "/made/up", { code: 404 });
  count("BREW", "/readyz/ping");
  count("DELETE", "/api/v1/nodes");
  expect(linesOf(registry, "apiserver_request_total{")).toEqual([
    'apiserver_request_total{code="200",component="apiserver",dry_run="",group="apps",resource="deployments",scope="namespace",subresource="",verb="LIST",version="v1"} 1',
    'apiserver_request_total{code="200",component="apiserver",dry_run="",group="apps",resource="deployments",scope="resource",subresource="status",verb="GET",version="v1"} 1',
    'apiserver_request_total{code="201",component="apiserver",dry_run="All",group="",resource="pods",scope="resource",subresource="",verb="POST",version="v1"} 1',
    'apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="",verb="APPLY",version="v1"} 1',
    'apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="log",verb="CONNECT",version="v1"} 1',
    'apiserver_request_total{code="404",component="apiserver",dry_run="",group="",resource="",scope="",subresource="",verb="GET",version=""} 1',
    'apiserver_request_total{code="200",component="",dry_run="",group="",resource="",scope="",subresource="/readyz",verb="other",version=""} 1',
    'apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="nodes",scope="cluster",subresource="",verb="DELETE",version="v1"} 1',
  ]);
});

it("measures what reads are answered with", () => {
  const registry = new MetricRegistry();
  const metrics = new RequestMetrics(registry, clock);
  for (const method of ["GET", "POST"]) {
    const url = "/api/v1/namespaces/a/pods";
    metrics.begin(exchange(method, url), parseRequestInfo(method, url), false).end();
  }
  const labels = 'component="apiserver",group="",resource="pods",scope="namespace",subresource="",verb="LIST",version="v1"';
  expect(linesOf(registry, "apiserver_response_sizes").filter((line) => /le="1000"|le="10000"|sum|count/.test(line))).toEqual([
    `apiserver_response_sizes_bucket{${labels},le="1000"} 0`,
    `apiserver_response_sizes_bucket{${labels},le="10000"} 1`,
    `apiserver_response_sizes_sum{${labels}} 4000`,
    `apiserver_response_sizes_count{${labels}} 1`,
  ]);
});

it("tells which requests are under way", async () => {
  const registry = new MetricRegistry();
  const metrics = new RequestMetrics(registry, clock);
  const url = "/api/v1/pods?watch=1";
  const watch = metrics.begin(exchange("GET", url), parseRequestInfo("GET", url), true);
  const write = metrics.begin(exchange("POST", "/api/v1/nodes"), parseRequestInfo("POST", "/api/v1/nodes"), false);
  const watching =
    'apiserver_longrunning_requests{component="apiserver",group="",resource="pods",scope="cluster",subresource="",verb="WATCH",version="v1"} 1';
  expect(linesOf(registry, "apiserver_longrunning_requests{")).toEqual([watching]);
  expect(linesOf(registry, "apiserver_current_inflight_requests{")).toEqual([
    'apiserver_current_inflight_requests{request_kind="readOnly"} 0',
    'apiserver_current_inflight_requests{request_kind="mutating"} 1',
  ]);
  await clock.advance(700);
  for (const each of [watch, watch, write]) each.end();
  expect(linesOf(registry, "apiserver_longrunning_requests{")).toEqual([]);
  const labels = 'component="apiserver",dry_run="",group="",resource="nodes",scope="resource",subresource="",verb="POST",version="v1"';
  expect(
    linesOf(registry, "apiserver_request_duration_seconds").filter((line) => line.includes(labels) && /0\.6|0\.8|sum/.test(line)),
  ).toEqual([
    `apiserver_request_duration_seconds_bucket{${labels},le="0.6"} 0`,
    `apiserver_request_duration_seconds_bucket{${labels},le="0.8"} 1`,
    `apiserver_request_duration_seconds_sum{${labels}} 0.7`,
  ]);
});

it("counts the events of watches, and their bytes", () => {
  const registry = new MetricRegistry();
  const watches = new WatchMetrics(registry);
  for (const bytes of [100, 3000]) watches.counterOf("apps", "v1", "deployments")(bytes);
  const labels = 'group="apps",resource="deployments",version="v1"';
  expect(linesOf(registry, "apiserver_watch_events_total{")).toEqual([`apiserver_watch_events_total{${labels}} 2`]);
  expect(linesOf(registry, "apiserver_watch_events_sizes").slice(0, 3)).toEqual([
    `apiserver_watch_events_sizes_bucket{${labels},le="1024"} 1`,
    `apiserver_watch_events_sizes_bucket{${labels},le="2048"} 1`,
    `apiserver_watch_events_sizes_bucket{${labels},le="4096"} 2`,
  ]);
});

it("tells what work queues do", async () => {
  const queue = new WorkQueue({ clock });
  for (const key of ["a", "b", "a"]) queue.add(key);
  await clock.advance(2000);
  await queue.take();
  await clock.advance(500);
  const read = (name: string): string[] =>
    workQueueLines([{ name: "job", depth: queue.length, metrics: queue.metrics }]).filter((line) => line.startsWith(name));
  expect(read("workqueue_adds_total")).toEqual(['workqueue_adds_total{name="job"} 2']);
  expect(read("workqueue_depth")).toEqual(['workqueue_depth{name="job"} 1']);
  expect(read("workqueue_unfinished_work_seconds")).toEqual(['workqueue_unfinished_work_seconds{name="job"} 0.5']);
  expect(read("workqueue_longest_running_processor_seconds")).toEqual(['workqueue_longest_running_processor_seconds{name="job"} 0.5']);
  expect(read("workqueue_queue_duration_seconds_sum")).toEqual(['workqueue_queue_duration_seconds_sum{name="job"} 2']);
  queue.addRateLimited("a");
  queue.done("a");
  expect(read("workqueue_retries_total")).toEqual(['workqueue_retries_total{name="job"} 1']);
  expect(read("workqueue_work_duration_seconds_")).toContain('workqueue_work_duration_seconds_bucket{name="job",le="1"} 1');
  await queue.shutDown();
});
