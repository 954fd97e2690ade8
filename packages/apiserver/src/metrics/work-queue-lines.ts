import { queueBuckets, type Distribution, type QueueMetrics } from "@coracle/client";
import { metricHead, histogramLines, labelText } from "@coracle/base";

/** A work queue by the name of its controller. */
export interface NamedQueue {
  readonly name: string;
  readonly depth: number;
  readonly metrics: QueueMetrics;
}

/** `workqueue_*` of all queues, with upstream's names and help. */
export function workQueueLines(queues: readonly NamedQueue[]): string[] {
  const values = (name: string, type: string, help: string, read: (queue: NamedQueue) => number): string[] => [
    ...metricHead(name, type, help),
    ...queues.map((queue) => `${name}${labelText({ name: queue.name })} ${read(queue)}`),
  ];
  const distributions = (name: string, help: string, read: (queue: NamedQueue) => Distribution): string[] => [
    ...metricHead(name, "histogram", help),
    ...queues.flatMap((queue) => {
      const { count, sumSeconds, buckets } = read(queue);
      return histogramLines(name, labelText({ name: queue.name }), { count, sum: sumSeconds, bounds: queueBuckets, buckets });
    }),
  ];
  return [
    ...values("workqueue_adds_total", "counter", "[BETA] Total number of adds handled by workqueue", ({ metrics }) => metrics.adds),
    ...values("workqueue_depth", "gauge", "[BETA] Current depth of workqueue", ({ depth }) => depth),
    ...values(
      "workqueue_longest_running_processor_seconds",
      "gauge",
      "[BETA] How many seconds has the longest running processor for workqueue been running.",
      ({ metrics }) => metrics.unfinishedSeconds().longest,
    ),
    ...distributions(
      "workqueue_queue_duration_seconds",
      "[BETA] How long in seconds an item stays in workqueue before being requested.",
      ({ metrics }) => metrics.queueDuration,
    ),
    ...values(
      "workqueue_retries_total",
      "counter",
      "[BETA] Total number of retries handled by workqueue",
      ({ metrics }) => metrics.retries,
    ),
    ...values(
      "workqueue_unfinished_work_seconds",
      "gauge",
      "[BETA] How many seconds of work has done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases.",
      ({ metrics }) => metrics.unfinishedSeconds().total,
    ),
    ...distributions(
      "workqueue_work_duration_seconds",
      "[BETA] How long in seconds processing an item from workqueue takes.",
      ({ metrics }) => metrics.workDuration,
    ),
  ];
}
