import { cloneObject, semanticEqual, type Findings } from "@coracle/apimachinery";
import type { Container, Pod, PodSpec, ResourceRequirements } from "../../generated/types.ts";
import { mirrorKey } from "./annotations.ts";
import { qosClass } from "./qos.ts";

/**
 * `pods/resize` (KEP-1287): cpu and memory of containers, init containers and of the pod as a whole change in place. Nothing that is
 * requested or limited can stop being so.
 */
export function validateResize(pod: Readonly<Pod>, old: Readonly<Pod>, out: Findings): void {
  const oldSpec = old.spec ?? { containers: [] };
  const spec = cloneObject(pod.spec ?? { containers: [] });
  if (old.metadata.annotations?.[mirrorKey] !== undefined) return refuse(out, "static pods cannot be resized");
  if (oldSpec.os?.name === "windows") return refuse(out, "windows pods cannot be resized");
  if ((old.status?.qosClass ?? qosClass(old)) !== qosClass(pod))
    out.invalid("spec", pod.status?.qosClass ?? "", "Pod QOS Class may not change as a result of resizing");
  if (!isSupportedByNode(old)) out.forbidden("spec", "Pod running on node without support for resize");
  if (isSet(spec.resources) || isSet(oldSpec.resources)) validatePodLevel(spec, oldSpec, out);
  if ((old.status?.nodeAllocatableResourceClaimStatuses ?? []).length > 0)
    out.forbidden("spec", "pods with node allocatable resource claims cannot be resized");
  if (!validateSameContainers(spec, oldSpec, out)) return;
  for (const list of ["initContainers", "containers"] as const)
    for (const [index, container] of (spec[list] ?? []).entries())
      validateNothingRemoved(container.resources, oldSpec[list]?.[index]?.resources, `spec.${list}[${index}].resources`, out);
  validateOnlyResources(spec, oldSpec, out);
}

/** Upstream gives these findings no field, and drops the others. */
function refuse(out: Findings, detail: string): void {
  out.errors.length = 0;
  out.forbidden("", detail);
}

function isSet(resources: ResourceRequirements | undefined): boolean {
  return Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0;
}

/** A node that can resize says what its running containers have. */
function isSupportedByNode({ status }: Readonly<Pod>): boolean {
  const running = (status?.containerStatuses ?? []).find(({ state }) => state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

/** Leaves in `spec` only what has changed besides cpu and memory. */
function validatePodLevel(spec: PodSpec, old: Readonly<PodSpec>, out: Findings): void {
  if (old.resources !== undefined && spec.resources === undefined)
    return out.forbidden("spec.resources", "pod-level resources cannot be removed");
  for (const list of ["requests", "limits"] as const)
    if (isRemoved(spec.resources?.[list], old.resources?.[list]))
      out.forbidden(`spec.resources.${list}`, `pod-level resource ${list} cannot be removed`);
  const rest = withoutResize(spec.resources ?? {}, old.resources ?? {});
  const isEmpty = old.resources === undefined && !isSet(rest) && (rest.claims ?? []).length === 0;
  spec.resources = isEmpty ? undefined : rest;
  if (!semanticEqual(spec.resources, old.resources)) out.forbidden("spec", "only cpu and memory resources are mutable at pod-level");
}

function validateSameContainers(spec: Readonly<PodSpec>, old: Readonly<PodSpec>, out: Findings): boolean {
  const before = out.errors.length;
  for (const list of ["containers", "initContainers"] as const) {
    const containers = spec[list] ?? [];
    const olds = old[list] ?? [];
    if (containers.length !== olds.length) out.forbidden(`spec.${list}`, `${list} may not be added or removed on resize`);
    else
      for (const [index, { name }] of olds.entries())
        if (containers[index]?.name !== name)
          out.forbidden(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`);
  }
  return out.errors.length === before;
}

type Amounts = Readonly<Record<string, string>> | undefined;

function isRemoved(amounts: Amounts, old: Amounts): boolean {
  return Object.keys(old ?? {}).some((name) => amounts?.[name] === undefined);
}

function validateNothingRemoved(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
  at: string,
  out: Findings,
): void {
  for (const list of ["requests", "limits"] as const)
    if (isRemoved(resources?.[list], old?.[list])) out.forbidden(`${at}.${list}`, `resource ${list} cannot be removed`);
}

/** The resources with the old amounts of cpu and memory; what differs then may not. */
function withoutResize(resources: ResourceRequirements, old: ResourceRequirements): ResourceRequirements {
  const kept = (amounts: Amounts, was: Amounts): Record<string, string> => {
    const { cpu: _cpu, memory: _memory, ...rest } = { ...amounts };
    for (const name of ["cpu", "memory"]) if (was?.[name] !== undefined) rest[name] = was[name];
    return rest;
  };
  return { ...resources, limits: kept(resources.limits, old.limits), requests: kept(resources.requests, old.requests) };
}

function validateOnlyResources(spec: PodSpec, old: Readonly<PodSpec>, out: Findings): void {
  for (const [index, container] of (spec.containers ?? []).entries()) {
    const was = old.containers[index] as Container;
    container.resources = withoutResize({ ...container.resources, claims: undefined }, was.resources ?? {});
    if (!semanticEqual(container, was)) out.forbidden("spec", "only cpu and memory resources are mutable");
  }
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const was = old.initContainers?.[index] as Container;
    const at = `spec.initContainers[${index}]`;
    const isChanged = !semanticEqual(container, was);
    container.resources = withoutResize({ ...container.resources, claims: undefined }, was.resources ?? {});
    if (!semanticEqual(container, was)) out.forbidden(at, "only cpu and memory resources for init or sidecar containers are mutable");
    const restarts = (container.resizePolicy ?? []).filter(({ restartPolicy }) => restartPolicy === "RestartContainer");
    if (!isChanged || container.restartPolicy === "Always") continue;
    for (const _ of restarts) out.forbidden(at, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized");
  }
  if (out.errors.length === 0 && !semanticEqual(spec, old)) out.forbidden("spec", "only cpu and memory resources are mutable");
}
