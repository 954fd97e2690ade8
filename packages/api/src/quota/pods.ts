import {
  deepEqual,
  parseTime,
  qualifiedNameErrors,
  quantityFromInteger,
  type Quantity,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { Container, ContainerStatus, Pod } from "../generated/types.ts";
import { hasPodLevelResources, podLimits, podRequests } from "../resources/pod-resources.ts";
import { readResources, type ResourceList } from "../resources/resource-list.ts";
import { intersection, objectCountName, type QuotaEvaluator } from "./evaluator.ts";
import { isTerminating, podMatchesScope } from "./pod-scopes.ts";

const countName = objectCountName("pods");
const computeResources = ["cpu", "memory", "ephemeral-storage"];
const names = new Set([countName, "pods", ...computeResources.flatMap((name) => [name, `requests.${name}`, `limits.${name}`])]);
/** Every container has to state these once they are limited: an early decision that upstream keeps for compatibility. */
const statedByEveryContainer = new Set(["cpu", "memory"].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]));
const deviceClassPrefix = "deviceclass.resource.kubernetes.io/";

/** Pods use cpu, memory, storage, huge pages and extended resources until they end, and `count/pods` until they are gone. */
export const podEvaluator: QuotaEvaluator = {
  resource: "pods",
  matching: (asked) => [
    ...intersection(asked, names),
    ...new Set(asked.filter((name) => !names.has(name) && (isHugePages(name) || isRequestOfExtended(name)))),
  ],
  handles({ operation, subresource, object, old }) {
    if (subresource === "resize") return operation === "UPDATE";
    if (subresource !== "") return false;
    if (operation === "UPDATE") return old !== undefined && isTerminating(podOf(old)) !== isTerminating(podOf(object));
    return operation === "CREATE";
  },
  matchesScope: (scope, object) => podMatchesScope(scope, podOf(object)),
  usage: (object, nowMs) => podUsage(podOf(object), nowMs),
  missing: (asked, object) => missingResources(asked, podOf(object)),
  isReplenishing(oldObject, object, nowMs) {
    const [old, pod] = [podOf(oldObject), podOf(object)];
    if (isTerminating(old) !== isTerminating(pod) || haveResourcesChanged(old, pod)) return true;
    return isCharged(old, nowMs) && !isCharged(pod, nowMs);
  },
};

function podOf(object: Readonly<UnstructuredObject>): Pod {
  return object as unknown as Pod;
}

function isHugePages(name: string): boolean {
  return name.startsWith("hugepages-") || name.startsWith("requests.hugepages-");
}

/** Extended resources cannot be overcommitted, so that a quota limits their requests only. */
function isRequestOfExtended(name: string): boolean {
  return name.startsWith("requests.") && (!isNative(name) || name.startsWith(`requests.${deviceClassPrefix}`));
}

function isNative(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

function isExtended(name: string): boolean {
  if (name.startsWith(deviceClassPrefix)) return true;
  return !isNative(name) && !name.startsWith("requests.") && qualifiedNameErrors(`requests.${name}`).length === 0;
}

function podUsage(pod: Readonly<Pod>, nowMs: number): ResourceList {
  const used = new Map<string, Quantity>([[countName, quantityFromInteger(1)]]);
  if (!isCharged(pod, nowMs)) return used;
  const options = { countsStatus: true };
  return new Map([...used, ...computeUsage(podRequests(pod, options), podLimits(pod, options))]);
}

/** Whether a pod still uses what it asks for: not when it has ended, nor when its node should have ended it by now. */
function isCharged({ metadata, status }: Readonly<Pod>, nowMs: number): boolean {
  if (status?.phase === "Failed" || status?.phase === "Succeeded") return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= parseTime(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function computeUsage(requests: ResourceList, limits: ResourceList): Map<string, Quantity> {
  const used = new Map([["pods", quantityFromInteger(1)]]);
  for (const name of computeResources) {
    const [request, limit] = [requests.get(name), limits.get(name)];
    if (request !== undefined) used.set(name, request).set(`requests.${name}`, request);
    if (limit !== undefined) used.set(`limits.${name}`, limit);
  }
  for (const [name, request] of requests) {
    if (name.startsWith("hugepages-")) used.set(name, request).set(`requests.${name}`, request);
    if (isExtended(name)) used.set(`requests.${name}`, request);
  }
  return used;
}

function missingResources(asked: readonly string[], pod: Readonly<Pod>): string | undefined {
  if (hasPodLevelResources(pod)) return undefined;
  const required = intersection(asked, statedByEveryContainer).sort();
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const texts = required.flatMap((name) => {
    const without = containers.filter((container) => !statesResource(container, name)).map((container) => container.name);
    return without.length === 0 ? [] : [`${name} for: ${[...new Set(without)].sort().join(",")}`];
  });
  return texts.length === 0 ? undefined : `must specify ${texts.join("; ")}`;
}

function statesResource({ resources }: Container, name: string): boolean {
  return computeUsage(readResources(resources?.requests), readResources(resources?.limits)).has(name);
}

/** A resize came into effect in some container. */
function haveResourcesChanged(old: Readonly<Pod>, pod: Readonly<Pod>): boolean {
  const differs = (before: readonly ContainerStatus[] = [], after: readonly ContainerStatus[] = []): boolean =>
    before.some((status) => {
      const next = after.find(({ name }) => name === status.name);
      return next !== undefined && !deepEqual(status.resources, next.resources);
    });
  return (
    differs(old.status?.containerStatuses, pod.status?.containerStatuses) ||
    differs(old.status?.initContainerStatuses, pod.status?.initContainerStatuses)
  );
}
