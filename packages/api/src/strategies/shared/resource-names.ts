import {
  compareQuantities,
  parseQuantity,
  qualifiedNameErrors,
  quantityMilliValue,
  zeroQuantity,
  type Findings,
} from "@coracle/apimachinery";

/**
 * Names of resources: `cpu` and `memory` are native, `hugepages-2Mi` is native too, `example.com/gpu` is an extended resource that
 * nodes count in whole pieces, and quotas know some more (`requests.cpu`, `count/…`).
 */

const containerResources = new Set(["cpu", "memory", "ephemeral-storage"]);
const integerResources = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);
const quotaResources = new Set([
  ...containerResources,
  ...integerResources,
  "requests.cpu",
  "requests.memory",
  "requests.storage",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
]);
const standardResources = new Set([...quotaResources, "storage"]);

const hugePages = "hugepages-";

export function isHugePages(name: string): boolean {
  return name.startsWith(hugePages);
}

function isQuotaHugePages(name: string): boolean {
  return isHugePages(name) || name.startsWith("requests.hugepages-");
}

/** Without a domain, or in Kubernetes' own. */
export function isNativeResource(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** Somebody else's resource, which devices provide. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith("requests.")) return false;
  return qualifiedNameErrors(`requests.${name}`).length === 0;
}

/** Whether limits may be higher than requests. */
export function isOvercommittable(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name);
}

export function isQuotaResource(name: string): boolean {
  return quotaResources.has(name) || isQuotaHugePages(name);
}

/** A standard name, or one with a domain. Whether it is well-formed. */
export function validateResourceName(name: string, at: string, out: Findings): boolean {
  const errors = qualifiedNameErrors(name);
  out.messages(at, name, errors);
  if (errors.length > 0) return false;
  if (!name.includes("/") && !standardResources.has(name) && !isQuotaHugePages(name)) {
    out.invalid(at, name, "must be a standard resource type or fully qualified");
    return false;
  }
  return true;
}

/** A resource that containers may ask for. */
export function validateContainerResourceName(name: string, at: string, out: Findings): void {
  if (containerResources.has(name)) return;
  validateResourceName(name, at, out);
  if (!name.includes("/")) {
    if (!isHugePages(name)) out.invalid(at, name, "must be a standard resource for containers");
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    out.invalid(at, name, "doesn't follow extended resource name standard");
  }
}

/** An amount: not negative, and whole where the resource comes in pieces. */
export function validateResourceAmount(name: string, amount: string, at: string, out: Findings): void {
  const quantity = parseQuantity(amount);
  if (compareQuantities(quantity, zeroQuantity) < 0) out.invalid(at, amount, "must be greater than or equal to 0");
  const isCounted = integerResources.has(name) || isExtendedResource(name);
  if (isCounted && quantityMilliValue(quantity) % 1000 !== 0) out.invalid(at, amount, "must be an integer");
}
