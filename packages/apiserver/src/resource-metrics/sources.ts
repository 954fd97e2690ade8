import type { Node, Pod } from "@coracle/api";
import {
  formatDurationMs,
  formatQuantity,
  formatTime,
  quantityFromInteger,
  type KubeObject,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { ComputedSource } from "../registry/computed.ts";
import type { Collector, NodePair } from "./collector.ts";
import { metricsGroup, metricsVersion } from "./definitions.ts";
import { podUsageOf, usageOf, type Usage } from "./usage.ts";

/** The objects that figures are for. */
export interface MeasuredObjects {
  node(name: string): Readonly<Node> | undefined;
  nodes(): readonly Readonly<Node>[];
  pod(namespace: string, name: string): Readonly<Pod> | undefined;
  pods(namespace: string): readonly Readonly<Pod>[];
}

/** NodeMetrics, with the labels of the nodes. */
export function nodeMetricsSource(objects: MeasuredObjects, collector: Collector): ComputedSource {
  const metricsOf = (node: Readonly<Node>, pairs: ReadonlyMap<string, NodePair>): UnstructuredObject[] => {
    const pair = pairs.get(node.metadata.name ?? "");
    const usage = pair?.latest.node === undefined ? undefined : usageOf(pair.previous?.node, pair.latest.node);
    return usage === undefined ? [] : [metricsObject("NodeMetrics", node, usage, { usage: quantities(usage) })];
  };
  return {
    async get(_namespace, name) {
      const node = objects.node(name);
      return node === undefined ? undefined : metricsOf(node, await collector.collect())[0];
    },
    async list() {
      const pairs = await collector.collect();
      return objects.nodes().flatMap((node) => metricsOf(node, pairs));
    },
  };
}

/** PodMetrics of running pods, with their labels. */
export function podMetricsSource(objects: MeasuredObjects, collector: Collector): ComputedSource {
  const metricsOf = (pod: Readonly<Pod>, pairs: ReadonlyMap<string, NodePair>): UnstructuredObject[] => {
    const pair = pairs.get(pod.spec?.nodeName ?? "");
    if (pair === undefined || pod.status?.phase !== "Running") return [];
    const usage = podUsageOf(`${pod.metadata.namespace ?? ""}/${pod.metadata.name ?? ""}`, pair.previous, pair.latest);
    const earliest = usage === undefined ? undefined : [...usage.containers.values()].sort((left, right) => left.endMs - right.endMs)[0];
    if (usage === undefined || earliest === undefined) return [];
    const containers = [...usage.containers].map(([name, each]) => ({ name, usage: quantities(each) }));
    return [metricsObject("PodMetrics", pod, earliest, { containers })];
  };
  return {
    async get(namespace, name) {
      const pod = objects.pod(namespace, name);
      return pod === undefined ? undefined : metricsOf(pod, await collector.collect())[0];
    },
    async list(namespace) {
      const pairs = await collector.collect();
      return objects.pods(namespace).flatMap((pod) => metricsOf(pod, pairs));
    },
  };
}

function metricsObject(kind: string, { metadata }: KubeObject, usage: Usage, own: Record<string, unknown>): UnstructuredObject {
  const { name, namespace, labels } = metadata;
  const timestamp = formatTime(usage.endMs);
  return {
    kind,
    apiVersion: `${metricsGroup}/${metricsVersion}`,
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      creationTimestamp: timestamp,
      ...(labels !== undefined && { labels }),
    },
    timestamp,
    window: formatDurationMs(usage.windowMs),
    ...own,
  };
}

const nanosPerCore = 1e9;

function quantities({ cores, memoryBytes }: Usage): Record<string, string> {
  return {
    // A count of billionths has the exactness of what kubelets say.
    cpu: formatQuantity({ nanos: BigInt(Math.round(cores * nanosPerCore)), format: "DecimalSI" }),
    memory: formatQuantity(quantityFromInteger(Math.round(memoryBytes), "BinarySI")),
  };
}
