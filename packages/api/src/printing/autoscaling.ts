import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from "../generated/autoscaling-v2.ts";
import { firstFew, none, unknown, unset, type Cells } from "./cells.ts";

export const horizontalPodAutoscalerCells: Cells<HorizontalPodAutoscaler> = {
  Reference: ({ spec }) => `${spec?.scaleTargetRef.kind ?? ""}/${spec?.scaleTargetRef.name ?? ""}`,
  Targets: ({ spec, status }) => {
    const metrics = spec?.metrics ?? [];
    const texts = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index]));
    return texts.length === 0 ? none : firstFew(texts, 2, ", ");
  },
  MinPods: ({ spec }) => spec?.minReplicas?.toString() ?? unset,
  MaxPods: ({ spec }) => spec?.maxReplicas ?? 0,
  Replicas: ({ status }) => status?.currentReplicas ?? 0,
};

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case "Resource":
      return `${metric.resource?.name ?? ""}: ${usageText(metric.resource?.target, status?.resource?.current)}`;
    case "ContainerResource":
      return `${metric.containerResource?.name ?? ""}: ${usageText(metric.containerResource?.target, status?.containerResource?.current)}`;
    case "Pods":
      return `${status?.pods?.current.averageValue ?? unknown}/${metric.pods?.target.averageValue ?? ""}`;
    case "Object":
      return valueText(metric.object?.target, status?.object?.current);
    case "External":
      return valueText(metric.external?.target, status?.external?.current);
    default:
      return "<unknown type>";
  }
}

/** Of a resource: in quantities, or in percent of what was asked for. */
function usageText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue}`;
  return `${percent(current?.averageUtilization) ?? unknown}/${percent(target?.averageUtilization) ?? "<auto>"}`;
}

function valueText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current?.value ?? unknown}/${target?.value ?? ""}`;
}

function percent(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value}%`;
}
