import { formatQuantity, parseQuantity, supportedValues, type Findings, type Supported } from "@coracle/apimachinery";
import type { ObjectFieldSelector, ResourceFieldSelector } from "../../generated/types.ts";

/** Fields of a pod that environment variables may show. */
export const envFieldPaths = supportedValues(
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
);
/** Fields of a pod that files may show. */
export const volumeFieldPaths = supportedValues(
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
);

/** What the API knows of a pod; only some of it can be shown. */
const knownPaths = new Set([
  ...envFieldPaths.values,
  ...volumeFieldPaths.values,
  "spec.host",
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);

const resources = supportedValues(
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
);
const cpuDivisors = new Set(["1m", "1"]);
const byteDivisors = new Set(["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]);

export function validateFieldRef(reference: Readonly<ObjectFieldSelector>, supported: Supported, at: string, out: Findings): void {
  const { apiVersion = "", fieldPath = "" } = reference;
  if (!out.present(apiVersion, `${at}.apiVersion`) || !out.present(fieldPath, `${at}.fieldPath`)) return;
  const refuse = (reason: string): void => out.invalid(`${at}.fieldPath`, fieldPath, `error converting fieldPath: ${reason}`);
  if (apiVersion !== "v1") return refuse(`unsupported pod version: ${apiVersion}`);
  const bracket = fieldPath.endsWith("']") ? fieldPath.indexOf("['") : -1;
  if (bracket > 0) {
    const path = fieldPath.slice(0, bracket);
    const key = fieldPath.slice(bracket + 2, -2);
    if (path === "metadata.annotations") out.qualifiedName(key.toLowerCase(), at);
    else if (path === "metadata.labels") out.qualifiedName(key, at);
    else refuse(`field label does not support subscript: ${fieldPath}`);
    return;
  }
  if (!knownPaths.has(fieldPath)) return refuse(`field label not supported: ${fieldPath}`);
  out.oneOf(fieldPath === "spec.host" ? "spec.nodeName" : fieldPath, supported, `${at}.fieldPath`);
}

/** A container's request or limit. `isComplete` is false when the container was asked for in vain: then only the divisor is judged. */
export function validateResourceFieldRef(reference: Readonly<ResourceFieldSelector>, at: string, out: Findings, isComplete = true): void {
  const { resource = "", divisor = "0" } = reference;
  const isPage = /^(?:requests|limits)\.hugepages-/.test(resource);
  if (isComplete && out.present(resource, `${at}.resource`) && !isPage) out.oneOf(resource, resources, `${at}.resource`);
  const text = formatQuantity(parseQuantity(divisor));
  if (text === "0") return;
  if (resource.endsWith(".cpu") && resources.has(resource)) {
    if (!cpuDivisors.has(text))
      out.invalid(`${at}.divisor`, resource, "only divisor's values 1m and 1 are supported with the cpu resource");
  } else if ((resources.has(resource) || isPage) && !byteDivisors.has(text)) {
    const name = isPage ? "hugepages" : resource.endsWith(".memory") ? "memory" : "local ephemeral storage";
    const values = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";
    out.invalid(`${at}.divisor`, resource, `only divisor's values ${values} are supported with the ${name} resource`);
  }
}
