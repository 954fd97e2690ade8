import type { PodAffinityTerm, Pod, ScopedResourceSelectorRequirement } from "../generated/types.ts";
import { readResources } from "../resources/resource-list.ts";
import { selectsScopeValue } from "./scope-selector.ts";

/** Whether a pod is in a quota's scope. */
export function podMatchesScope(scope: ScopedResourceSelectorRequirement, pod: Readonly<Pod>): boolean {
  switch (scope.scopeName) {
    case "Terminating":
      return isTerminating(pod);
    case "NotTerminating":
      return !isTerminating(pod);
    case "BestEffort":
      return isBestEffort(pod);
    case "NotBestEffort":
      return !isBestEffort(pod);
    case "PriorityClass":
      return selectsScopeValue(scope, [pod.spec?.priorityClassName ?? ""].filter(Boolean));
    case "CrossNamespacePodAffinity":
      return reachesAcrossNamespaces(pod);
    default:
      return false;
  }
}

/** The pod ends by itself after some time. */
export function isTerminating(pod: Readonly<Pod>): boolean {
  return (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
}

/** Nothing of cpu or memory is asked for. Pod-level resources decide where there are any. */
function isBestEffort({ spec }: Readonly<Pod>): boolean {
  const holders = spec?.resources === undefined ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])] : [spec];
  return holders.every(({ resources }) =>
    [resources?.requests, resources?.limits].every((list) => {
      const amounts = readResources(list);
      return [amounts.get("cpu"), amounts.get("memory")].every((quantity) => (quantity?.nanos ?? 0n) <= 0n);
    }),
  );
}

function reachesAcrossNamespaces({ spec }: Readonly<Pod>): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm);
    return [...required, ...preferred].some(namesOtherNamespaces);
  });
}

function namesOtherNamespaces({ namespaces, namespaceSelector }: PodAffinityTerm): boolean {
  return (namespaces ?? []).length > 0 || (namespaceSelector !== undefined && namespaceSelector !== null);
}
