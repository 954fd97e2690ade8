import type { ResourceStrategy } from "@coracle/apimachinery";
import { horizontalPodAutoscalers } from "./horizontal-pod-autoscaler.ts";
import { leases } from "./lease.ts";
import { podDisruptionBudgets } from "./pod-disruption-budget.ts";
import { priorityClasses } from "./priority-class.ts";
import { runtimeClasses } from "./runtime-class.ts";

export const policyStrategies: Readonly<Record<string, ResourceStrategy>> = {
  "horizontalpodautoscalers.autoscaling": horizontalPodAutoscalers,
  "leases.coordination.k8s.io": leases,
  "poddisruptionbudgets.policy": podDisruptionBudgets,
  "priorityclasses.scheduling.k8s.io": priorityClasses,
  "runtimeclasses.node.k8s.io": runtimeClasses,
};
