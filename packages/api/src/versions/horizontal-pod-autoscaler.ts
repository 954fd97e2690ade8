import { isPlainObject, type ResourceVersionDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import type { HorizontalPodAutoscaler as V1 } from "../generated/autoscaling-v1.ts";
import type { HorizontalPodAutoscaler as V2, MetricSpec, MetricStatus } from "../generated/autoscaling-v2.ts";
import { flattenSpec, flattenStatus, unflattenSpec, unflattenStatus, type FlatMetric } from "./metric-forms.ts";

const prefix = "autoscaling.alpha.kubernetes.io/";
const own = ["metrics", "current-metrics", "conditions", "behavior"].map((name) => prefix + name);

/** `autoscaling/v1` knows the processor's utilization alone; annotations carry the rest, as upstream has it. */
export const autoscalerConversion: NonNullable<ResourceVersionDefinition["convert"]> = {
  toStorage: (object) => toV2(object as unknown as V1) as unknown as UnstructuredObject,
  fromStorage: (object) => toV1(object as unknown as V2) as unknown as UnstructuredObject,
};

function isCpu({ type, resource }: MetricSpec): boolean {
  return type === "Resource" && resource?.name === "cpu" && resource.target.averageUtilization !== undefined;
}

function toV1({ metadata, spec, status }: V2): V1 {
  const { metrics = [], behavior, ...rest } = spec ?? ({} as NonNullable<V2["spec"]>);
  const { currentMetrics = [], conditions = [], ...counts } = status ?? ({} as NonNullable<V2["status"]>);
  const cpu = metrics.find(isCpu);
  const others = metrics.filter((metric) => metric !== cpu);
  const used = currentMetrics.find(({ type, resource }) => type === "Resource" && resource?.name === "cpu");
  const annotations = {
    ...metadata.annotations,
    ...(others.length > 0 && { [`${prefix}metrics`]: JSON.stringify(others.map(flattenSpec)) }),
    ...(currentMetrics.length > 0 && { [`${prefix}current-metrics`]: JSON.stringify(currentMetrics.map(flattenStatus)) }),
    ...(conditions.length > 0 && { [`${prefix}conditions`]: JSON.stringify(conditions) }),
    ...(behavior !== undefined && { [`${prefix}behavior`]: JSON.stringify(behavior) }),
  };
  const target = cpu?.resource?.target.averageUtilization;
  const current = used?.resource?.current.averageUtilization;
  return {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { ...rest, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
    ...(status !== undefined && {
      status: {
        ...counts,
        currentReplicas: counts.currentReplicas ?? 0,
        ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
      },
    }),
  };
}

function toV2({ metadata, spec, status }: V1): V2 {
  const { targetCPUUtilizationPercentage: target, ...rest } = spec;
  const { currentCPUUtilizationPercentage: current, ...counts } = status ?? ({} as NonNullable<V1["status"]>);
  const metrics = readList(metadata.annotations, "metrics").map((flat) => unflattenSpec(flat as FlatMetric));
  if (target !== undefined) metrics.push(cpuSpec(target));
  const carried = readList(metadata.annotations, "current-metrics").map((flat) => unflattenStatus(flat as FlatMetric));
  const currentMetrics = carried.length === 0 && current !== undefined ? [cpuStatus(current)] : carried;
  const conditions = readList(metadata.annotations, "conditions") as NonNullable<NonNullable<V2["status"]>["conditions"]>;
  const behavior = readJson(metadata.annotations, "behavior");
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: withoutOwn(metadata),
    spec: { ...rest, ...(metrics.length > 0 && { metrics }), ...(isPlainObject(behavior) && { behavior }) },
    ...(status !== undefined && {
      status: { ...counts, ...(currentMetrics.length > 0 && { currentMetrics }), ...(conditions.length > 0 && { conditions }) },
    }),
  };
}

function cpuSpec(averageUtilization: number): MetricSpec {
  return { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } };
}

function cpuStatus(averageUtilization: number): MetricStatus {
  return { type: "Resource", resource: { name: "cpu", current: { averageUtilization } } };
}

/** Undefined for what cannot be read, as upstream ignores it. */
function readJson(annotations: Readonly<Record<string, string>> | undefined, name: string): unknown {
  const text = annotations?.[prefix + name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readList(annotations: Readonly<Record<string, string>> | undefined, name: string): object[] {
  const value = readJson(annotations, name);
  return Array.isArray(value) ? value.filter(isPlainObject) : [];
}

function withoutOwn({ annotations, ...metadata }: V1["metadata"]): V1["metadata"] {
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !own.includes(key));
  return { ...metadata, ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }) };
}
