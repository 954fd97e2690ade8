import {
  dnsSubdomainErrors,
  legacyIpErrors,
  parseQuantity,
  qualifiedNameErrors,
  supportedValues,
  type Findings,
} from "@coracle/apimachinery";
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodExtendedResourceClaimStatus,
  PodResourceClaimStatus,
  PodSpec,
  PodStatus,
  ResourceStatus,
} from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import { goForm } from "../shared/go-form.ts";
import { isNativeResource } from "../shared/resource-names.ts";

const systemConditions = new Set(["PodScheduled", "Ready", "Initialized"]);
const healths = enumOf("core/v1.ResourceHealthStatus");
const healthMessageLimitBytes = 1024;

/** A write of a pod's status, mostly by its node. Annotations are judged by the caller. */
export function validatePodStatus(pod: Readonly<Pod>, oldPod: Readonly<Pod>, out: Findings): void {
  const { status = {}, spec = { containers: [] } } = pod;
  const { status: old = {}, spec: oldSpec = { containers: [] } } = oldPod;
  validateConditions(status.conditions ?? [], out);
  validateNomination(status.nominatedNodeName ?? "", old.nominatedNodeName ?? "", oldSpec.nodeName ?? "", out);
  if ((status.observedGeneration ?? 0) < 0)
    out.invalid("status.observedGeneration", status.observedGeneration, "must be a non-negative integer");
  out.immutable(status.qosClass ?? "", old.qosClass ?? "", "status.qosClass");
  validateTransitions(status, old, oldSpec, out);
  validateClaimStatuses(status.resourceClaimStatuses ?? [], spec, out);
  if (status.extendedResourceClaimStatus !== undefined) validateExtendedClaim(status.extendedResourceClaimStatus, spec, out);
  validateAllocatableClaims(status, spec, out);
  validateIps("status.podIPs", status.podIPs ?? [], old.podIPs ?? [], out);
  if ((status.hostIPs ?? []).length > 0) {
    const first = status.hostIPs?.[0]?.ip ?? "";
    if (first !== (status.hostIP ?? "")) out.invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`");
    validateIps("status.hostIPs", status.hostIPs ?? [], old.hostIPs ?? [], out);
  }
  for (const list of ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const)
    validateUsers(status[list] ?? [], `status.${list}`, spec.os?.name ?? "linux", out);
  validateAllocated(status.containerStatuses ?? [], "status.containerStatuses", spec.containers ?? [], out);
  validateAllocated(status.initContainerStatuses ?? [], "status.initContainerStatuses", spec.initContainers ?? [], out);
  for (const [index, { allocatedResourcesStatus = [] }] of (status.ephemeralContainerStatuses ?? []).entries())
    if (allocatedResourcesStatus.length > 0)
      out.forbidden(`status.ephemeralContainerStatuses[${index}].allocatedResourcesStatus`, "must not be specified in container status");
}

function validateConditions(conditions: readonly PodCondition[], out: Findings): void {
  for (const [index, { type, observedGeneration = 0 }] of conditions.entries()) {
    const at = `status.conditions[${index}]`;
    if (observedGeneration < 0) out.invalid(`${at}.observedGeneration`, observedGeneration, "must be a non-negative integer");
    if (!systemConditions.has(type)) out.messages(`${at}.Type`, type, qualifiedNameErrors(type));
  }
}

function validateNomination(node: string, old: string, boundTo: string, out: Findings): void {
  if (node === old || node === "") return;
  out.messages("status.nominatedNodeName", node, dnsSubdomainErrors(node));
  if (boundTo !== "") out.forbidden("status.nominatedNodeName", "may not be set on pods that are already bound to a node");
}

/** A container that has ended runs again only where a policy lets it. */
function validateTransitions(status: Readonly<PodStatus>, old: Readonly<PodStatus>, spec: Readonly<PodSpec>, out: Findings): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const mayRestartAll = containers.some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === "RestartAllContainers"),
  );
  const check = (list: "containerStatuses" | "initContainerStatuses" | "ephemeralContainerStatuses", mayRestart: MayRestart): void => {
    for (const [index, { name, state }] of (old[list] ?? []).entries()) {
      if (state?.terminated === undefined) continue;
      const next = (status[list] ?? []).find((each) => each.name === name);
      if (next !== undefined && next.state?.terminated === undefined && !mayRestart(name, state.terminated.exitCode))
        out.forbidden(`status.${list}[${index}].state`, "may not be transitioned to non-terminated state");
    }
  };
  const byPolicy =
    (all: readonly Container[]): MayRestart =>
    (name, exitCode) => {
      const container = all.find((each) => each.name === name);
      return container !== undefined && shouldRestart(container, spec, exitCode);
    };
  if (!mayRestartAll) {
    check("containerStatuses", byPolicy(spec.containers ?? []));
    check("initContainerStatuses", byPolicy(spec.initContainers ?? []));
  }
  check("ephemeralContainerStatuses", () => false);
}

type MayRestart = (name: string, exitCode: number) => boolean;

function shouldRestart(container: Readonly<Container>, spec: Readonly<PodSpec>, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules = [] } = container;
  if (restartPolicy !== undefined && restartPolicyRules.some((rule) => matchesExitCode(rule.exitCodes, exitCode))) return true;
  const policy = restartPolicy ?? spec.restartPolicy ?? "Always";
  return policy === "OnFailure" ? exitCode !== 0 : policy !== "Never";
}

function matchesExitCode(
  codes: { readonly operator: string; readonly values?: readonly number[] | undefined } | undefined,
  exitCode: number,
): boolean {
  const isListed = codes?.values?.includes(exitCode) ?? false;
  return codes !== undefined && (codes.operator === "In" ? isListed : codes.operator === "NotIn" && !isListed);
}

function validateClaimStatuses(
  statuses: readonly PodResourceClaimStatus[],
  { resourceClaims = [] }: Readonly<PodSpec>,
  out: Findings,
): void {
  const names = new Set<string>();
  for (const [index, { name, resourceClaimName }] of statuses.entries()) {
    const at = `status.resourceClaimStatuses[${index}]`;
    if (!resourceClaims.some((claim) => claim.name === name))
      out.invalid(`${at}.name`, name, "must match the name of an entry in `spec.resourceClaims`");
    if (names.has(name)) out.duplicate(`${at}.name`, name);
    names.add(name);
    if (resourceClaimName !== undefined) out.subdomain(resourceClaimName, `${at}.resourceClaimName`);
  }
}

function validateExtendedClaim(status: Readonly<PodExtendedResourceClaimStatus>, spec: Readonly<PodSpec>, out: Findings): void {
  const at = "status.extendedResourceClaimStatus";
  const { requestMappings = [], resourceClaimName = "" } = status;
  if (requestMappings.length === 0) out.required(`${at}.requestMappings`, "at least one request mapping is required");
  const containers = new Map([...(spec.initContainers ?? []), ...(spec.containers ?? [])].map((container) => [container.name, container]));
  const seen = new Set<string>();
  for (const [index, { containerName, resourceName, requestName }] of requestMappings.entries()) {
    const here = `${at}.requestMappings[${index}]`;
    const container = containers.get(containerName);
    if (container === undefined)
      out.invalid(
        `${here}.containerName`,
        containerName,
        "must match the name of an entry in spec.initContainers.name or spec.containers.name",
      );
    else if (container.resources?.requests?.[resourceName] === undefined)
      out.invalid(
        `${here}.resourceName`,
        resourceName,
        "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests",
      );
    out.label(requestName, `${at}.requestName`);
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key)) {
      out.duplicate(`${here}.containerName`, containerName);
      out.duplicate(`${here}.resourceName`, resourceName);
      out.duplicate(`${here}.requestName`, requestName);
    }
    seen.add(key);
  }
  if (out.present(resourceClaimName, `${at}.resourceClaimName`)) out.subdomain(resourceClaimName, `${at}.resourceClaimName`);
}

function validateAllocatableClaims(status: Readonly<PodStatus>, { resourceClaims = [] }: Readonly<PodSpec>, out: Findings): void {
  const names = new Set([...resourceClaims, ...(status.resourceClaimStatuses ?? [])].map((claim) => claim.resourceClaimName));
  for (const [index, claim] of (status.nodeAllocatableResourceClaimStatuses ?? []).entries()) {
    const at = `status.nodeAllocatableResourceClaimStatuses[${index}]`;
    const { resourceClaimName = "", containers = [], resources = {} } = claim;
    out.present(resourceClaimName, `${at}.resourceClaimName`, "must not be empty");
    if (!names.has(resourceClaimName)) out.invalid(`${at}.resourceClaimName`, resourceClaimName, "no mapping found in pod reference");
    if (containers.length === 0) out.required(`${at}.containers`, "must not be empty");
    if (Object.keys(resources).length === 0) out.required(`${at}.resources`, "must not be empty");
    for (const [name, amount] of Object.entries(resources)) {
      if (!isNativeResource(name)) out.invalid(`${at}.resources[${name}]`, name, "must be a node allocatable resource name");
      if (parseQuantity(amount).nanos < 0n) out.invalid(`${at}.resources[${name}]`, amount, "must be non-negative");
    }
  }
}

interface Address {
  readonly ip?: string | undefined;
}

/** At most one address of each family. */
function validateIps(at: string, addresses: readonly Address[], old: readonly Address[], out: Findings): void {
  const kept = new Set(old.map(({ ip }) => ip));
  for (const [index, { ip = "" }] of addresses.entries()) if (!kept.has(ip)) out.messages(`${at}[${index}]`, ip, legacyIpErrors(ip));
  if (addresses.length < 2) return;
  const families = new Set(addresses.map(({ ip = "" }) => ip.includes(":")));
  if (families.size < 2 || addresses.length > 2)
    out.invalid(at, goForm("[]core/v1.PodIP", addresses), "may specify no more than one IP for each IP family");
}

function validateUsers(statuses: readonly ContainerStatus[], at: string, os: string, out: Findings): void {
  for (const [index, { user }] of statuses.entries()) {
    const linux = user?.linux;
    if (linux === undefined) continue;
    const here = `${at}[${index}].user.linux`;
    if (os === "windows") out.forbidden(here, "cannot be set for a windows pod");
    if (os !== "linux") continue;
    out.id(linux.uid, `${here}.uid`);
    out.id(linux.gid, `${here}.gid`);
    for (const [position, group] of (linux.supplementalGroups ?? []).entries()) out.id(group, `${here}.supplementalGroups[${position}]`);
  }
}

function validateAllocated(statuses: readonly ContainerStatus[], at: string, containers: readonly Container[], out: Findings): void {
  for (const [index, { name, allocatedResourcesStatus = [] }] of statuses.entries()) {
    const container = containers.find((each) => each.name === name);
    for (const [position, resource] of allocatedResourcesStatus.entries()) {
      const here = `${at}[${index}].allocatedResourcesStatus[${position}]`;
      if (container !== undefined) validateAllocatedName(resource.name, container, `${here}.name`, out);
      validateHealth(resource, here, out);
    }
  }
}

function validateAllocatedName(name: string, { resources = {} }: Readonly<Container>, at: string, out: Findings): void {
  if (name.startsWith("claim:")) {
    const claims = (resources.claims ?? []).map((claim) => `claim:${claim.name}${claim.request ? `/${claim.request}` : ""}`);
    if (!claims.includes(name))
      out.invalid(
        at,
        name,
        "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty",
      );
  } else if (resources.requests?.[name] === undefined) out.invalid(at, name, "must match one of the container's resource requests");
}

function validateHealth({ resources = [] }: Readonly<ResourceStatus>, at: string, out: Findings): void {
  const ids = new Set<string>();
  for (const [index, { resourceID, health = "", message }] of resources.entries()) {
    const here = `${at}.resources[${index}]`;
    out.oneOf(health, healths, `${here}.health`);
    if (message === "") out.required(`${here}.message`, "must be non-empty if specified");
    else if (message !== undefined && message.length > healthMessageLimitBytes) out.tooLong(`${here}.message`, healthMessageLimitBytes);
    if (ids.has(resourceID)) out.duplicate(`${here}.resourceID`, resourceID);
    ids.add(resourceID);
  }
}

const bindingKinds = supportedValues("Node", "<empty>");

/** The object of `pods/binding`. */
export function validateBinding(target: { readonly kind?: string; readonly name?: string } | undefined, out: Findings): void {
  const { kind = "", name = "" } = target ?? {};
  if (kind !== "" && kind !== "Node") out.unsupported("target.kind", kind, bindingKinds.values);
  out.present(name, "target.name");
}
