import { quantityFromInteger, type UnstructuredObject } from "@coracle/apimachinery";
import type { DeviceRequest, DeviceSubRequest, ResourceClaim } from "../generated/resource-v1.ts";
import { objectCountName, type QuotaEvaluator } from "./evaluator.ts";

const resource = "resourceclaims.resource.k8s.io";
const countName = objectCountName(resource);
const perClassSuffix = ".deviceclass.resource.k8s.io/devices";
/** The most devices that one claim can be given. */
const mostDevices = 32;

/**
 * Claims of devices use themselves and, under the name of each device class, as many devices as they may be given. Extended resources
 * that a device class stands for are counted of the pods that ask for them.
 */
export const deviceClaimEvaluator: QuotaEvaluator = {
  resource,
  matching: (asked) => [...new Set(asked)].filter((name) => name === countName || name.endsWith(perClassSuffix)),
  handles: ({ operation, subresource }) => subresource === "" && (operation === "CREATE" || operation === "UPDATE"),
  matchesScope: () => false,
  usage(object: Readonly<UnstructuredObject>) {
    const { spec } = object as unknown as Partial<ResourceClaim>;
    const counts = new Map([[countName, 1]]);
    for (const request of spec?.devices?.requests ?? []) {
      for (const [className, count] of devicesOf(request))
        counts.set(className + perClassSuffix, (counts.get(className + perClassSuffix) ?? 0) + count);
    }
    return new Map([...counts].map(([name, count]) => [name, quantityFromInteger(count)]));
  },
};

/** Devices by class; of alternatives the one that takes most of a class. */
function devicesOf(request: DeviceRequest): Map<string, number> {
  const alternatives = request.firstAvailable ?? [];
  if (alternatives.length === 0)
    return request.exactly === undefined ? new Map() : new Map([[request.exactly.deviceClassName, count(request.exactly)]]);
  const most = new Map<string, number>();
  for (const each of alternatives) {
    const devices = Math.max(most.get(each.deviceClassName) ?? 0, count(each));
    if (devices > 0) most.set(each.deviceClassName, devices);
  }
  return most;
}

function count({ allocationMode, count: exact }: Pick<DeviceSubRequest, "allocationMode" | "count">): number {
  if (allocationMode === "All") return mostDevices;
  return allocationMode === "ExactCount" ? (exact ?? 0) : 0;
}
