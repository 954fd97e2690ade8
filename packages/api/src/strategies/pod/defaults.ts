import { formatQuantity } from "@coracle/apimachinery";
import type { Container, Pod, PodSpec, PodTemplateSpec, ResourceRequirements, Volume } from "../../generated/types.ts";
import { podLimits, podRequests } from "../../resources/pod-resources.ts";
import { isHugePages } from "../shared/resource-names.ts";
import { roundQuantities } from "../shared/round-quantities.ts";
import { isLatestImage } from "./image-name.ts";

/** Defaults that depend on other fields, wherever a pod is described: in Pods and in templates. The schema has the others. */
export function applyPodSpecDefaults(spec: PodSpec): void {
  // Two names of one field: the old one follows.
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
  for (const list of ["initContainers", "containers", "ephemeralContainers"] as const)
    for (const container of spec[list] ?? []) applyContainerDefaults(container as Container);
  for (const volume of spec.volumes ?? []) applyVolumeDefaults(volume);
  roundQuantities(spec.overhead);
  roundRequirements(spec.resources);
}

/** {@link applyPodSpecDefaults} for the pods that a workload makes. */
export function applyTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec !== undefined) applyPodSpecDefaults(template.spec);
}

/** Only Pods themselves have these; in templates they would hide what the template leaves open. */
export function applyPodDefaults(pod: Pod): void {
  const { spec } = pod;
  if (spec === undefined) return;
  applyPodSpecDefaults(spec);
  for (const list of ["initContainers", "containers"] as const) {
    for (const container of spec[list] ?? []) {
      const { limits, requests } = container.resources ?? {};
      if (container.resources !== undefined && limits !== undefined) container.resources.requests = { ...limits, ...requests };
      if (spec.hostNetwork === true) for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
    }
  }
  if (spec.resources !== undefined) applyPodLevelDefaults(spec, spec.resources);
  spec.enableServiceLinks ??= true;
}

function applyContainerDefaults(container: Container): void {
  container.imagePullPolicy ??= isLatestImage(container.image ?? "") ? "Always" : "IfNotPresent";
  // Ephemeral containers have them by this way only.
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  container.resources ??= {};
  roundRequirements(container.resources);
}

function roundRequirements(resources: ResourceRequirements | undefined): void {
  roundQuantities(resources?.limits);
  roundQuantities(resources?.requests);
}

function applyVolumeDefaults(volume: Volume): void {
  let hasSource = false;
  for (const key in volume) if (key !== "name" && volume[key as keyof Volume] !== undefined) hasSource = true;
  if (!hasSource) volume.emptyDir = {};
  if (volume.image !== undefined) volume.image.pullPolicy ??= isLatestImage(volume.image.reference ?? "") ? "Always" : "IfNotPresent";
}

/** A pod with limits as a whole requests what its containers request together, or else its limits (KEP-2837). */
function applyPodLevelDefaults(spec: PodSpec, resources: ResourceRequirements): void {
  const whole: Pod = { apiVersion: "v1", kind: "Pod", metadata: {}, spec: { ...spec, resources: undefined } };
  const options = { includesOverhead: false };
  const hasAny = Object.keys({ ...resources.limits, ...resources.requests }).length > 0;
  const pages = hasAny
    ? [...podLimits(whole, options)].filter(([name]) => isHugePages(name) && resources.requests?.[name] === undefined)
    : [];
  const limits = { ...Object.fromEntries(pages.map(([name, amount]) => [name, formatQuantity(amount)])), ...resources.limits };
  if (Object.keys(limits).length === 0) return;
  resources.limits = limits;
  const computed = [...podRequests(whole, options)].filter(([name]) => name === "cpu" || name === "memory");
  const sums = Object.fromEntries(computed.map(([name, amount]) => [name, formatQuantity(amount)]));
  const own = Object.fromEntries(Object.entries(limits).filter(([name]) => name === "cpu" || name === "memory" || isHugePages(name)));
  resources.requests = { ...own, ...sums, ...resources.requests };
}
