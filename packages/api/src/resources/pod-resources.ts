import type { Quantity } from "@coracle/apimachinery";
import type { Container, ContainerStatus, Pod } from "../generated/types.ts";
import { addResources, raiseResources, readResources, type ResourceList } from "./resource-list.ts";

export interface PodResourcesOptions {
  /** Counts what containers still have, or are to get, of a resize (KEP-1287), not only what the spec says. Defaults to false. */
  readonly countsStatus?: boolean;
  /** Defaults to true. */
  readonly includesOverhead?: boolean;
}

type Side = "requests" | "limits";

/**
 * What a pod asks for: the greater of its containers together and its init steps beside the sidecars before them (KEP-753); pod-level
 * requests of cpu, memory and huge pages take the place of the sum (KEP-2837); overhead comes on top (KEP-688).
 */
export function podRequests(pod: Readonly<Pod>, options: PodResourcesOptions = {}): Map<string, Quantity> {
  const total = aggregate(pod, "requests", options);
  setPodLevel(total, pod, "requests");
  if (options.includesOverhead ?? true) addResources(total, readResources(pod.spec?.overhead));
  return total;
}

/** As {@link podRequests}, of limits. Overhead is added to what is limited only. */
export function podLimits(pod: Readonly<Pod>, options: PodResourcesOptions = {}): Map<string, Quantity> {
  const total = aggregate(pod, "limits", options);
  setPodLevel(total, pod, "limits");
  if (options.includesOverhead ?? true) {
    const overhead = [...readResources(pod.spec?.overhead)].filter(([name]) => (total.get(name)?.nanos ?? 0n) !== 0n);
    addResources(total, new Map(overhead));
  }
  return total;
}

/** Whether the pod as a whole requests or limits cpu, memory or huge pages. */
export function hasPodLevelResources(pod: Readonly<Pod>): boolean {
  const { requests, limits } = pod.spec?.resources ?? {};
  return [...Object.keys(requests ?? {}), ...Object.keys(limits ?? {})].some(isPodLevelResource);
}

function isPodLevelResource(name: string): boolean {
  return name === "cpu" || name === "memory" || name.startsWith("hugepages-");
}

function setPodLevel(total: Map<string, Quantity>, pod: Readonly<Pod>, side: Side): void {
  for (const [name, quantity] of readResources(pod.spec?.resources?.[side])) if (isPodLevelResource(name)) total.set(name, quantity);
}

function aggregate(pod: Readonly<Pod>, side: Side, options: PodResourcesOptions): Map<string, Quantity> {
  const resourcesOf = containerReader(pod, side, options.countsStatus ?? false);
  const total = new Map<string, Quantity>();
  for (const container of pod.spec?.containers ?? []) addResources(total, resourcesOf(container));
  const sidecars = new Map<string, Quantity>();
  const peak = new Map<string, Quantity>();
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === "Always") {
      const own = resourcesOf(container);
      addResources(total, own);
      addResources(sidecars, own);
      raiseResources(peak, sidecars);
    } else {
      const step = readResources(container.resources?.[side]);
      addResources(step, sidecars);
      raiseResources(peak, step);
    }
  }
  raiseResources(total, peak);
  return total;
}

/** What a container that stays counts for. */
function containerReader(pod: Readonly<Pod>, side: Side, countsStatus: boolean): (container: Container) => ResourceList {
  if (!countsStatus) return (container) => readResources(container.resources?.[side]);
  const statuses = new Map<string, ContainerStatus>();
  for (const status of [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])])
    statuses.set(status.name, status);
  const isInfeasible = isResizeInfeasible(pod);
  return (container) => {
    const wanted = readResources(container.resources?.[side]);
    const status = statuses.get(container.name);
    if (status?.resources === undefined) return wanted;
    const effective = readResources(status.resources[side]);
    if (side === "requests") raiseResources(effective, readResources(status.allocatedResources));
    if (!isInfeasible) raiseResources(effective, wanted);
    return effective;
  };
}

/** The node said that it can never give what the resize asks for. */
function isResizeInfeasible(pod: Readonly<Pod>): boolean {
  const pending = pod.status?.conditions?.find(({ type }) => type === "PodResizePending");
  return pending?.reason === "Infeasible";
}
