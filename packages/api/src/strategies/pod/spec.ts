import { dnsSubdomainErrors, supportedValues, type Findings } from "@coracle/apimachinery";
import type { PodResourceClaim, PodSchedulingGate, PodSpec } from "../../generated/types.ts";
import { goForm } from "../shared/go-form.ts";
import { validateAffinity } from "./affinity.ts";
import { noAllowances, type Allowances } from "./allowances.ts";
import { mirrorKey } from "./annotations.ts";
import { validateContainers, validateEphemeralContainers, validateInitContainers } from "./containers.ts";
import type { PodContext } from "./context.ts";
import { validateDns, validateDnsPolicy, validateHostAliases, validateHostnameOverride } from "./dns.ts";
import { validatePodResources } from "./pod-level-resources.ts";
import { validateResources } from "./resource-requirements.ts";
import { validatePodSecurityContext } from "./security-context.ts";
import { validateTolerations } from "./tolerations.ts";
import { validateTopologySpread } from "./topology-spread.ts";
import { containersOf } from "./visit-containers.ts";
import { validateVolumes } from "./volumes.ts";
import { validateHostProcess, validateOs } from "./windows.ts";

// In upstream's order, which is not that of the alphabet.
const restartPolicies = supportedValues("Always", "OnFailure", "Never");
const preemptionPolicies = supportedValues("PreemptLowerPriority", "Never");
const largestInt32 = 2 ** 31 - 1;

export interface PodSpecOptions {
  /** Present for Pods: their name (empty while it is not known) and annotations. */
  readonly pod?: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  /** What the stored object may keep. Defaults to nothing. */
  readonly allow?: Allowances;
}

/** What is wrong with the description of a pod that stands at `at`, as kube-apiserver 1.36 with its default gates sees it. */
export function validatePodSpec(spec: Readonly<PodSpec>, at: string, out: Findings, options: PodSpecOptions = {}): void {
  const pod: PodContext = {
    spec,
    out,
    isPod: options.pod !== undefined,
    podName: options.pod?.name ?? "",
    annotations: options.pod?.annotations ?? {},
    allow: options.allow ?? noAllowances,
    volumes: new Map(),
    claimNames: new Set((spec.resourceClaims ?? []).map(({ name }) => name).filter((name) => name !== "")),
  };
  if (spec.terminationGracePeriodSeconds === undefined) out.required(`${at}.terminationGracePeriodSeconds`);
  if (spec.volumes !== undefined) validateVolumes(spec.volumes, `${at}.volumes`, pod);
  if (spec.resourceClaims !== undefined) validateResourceClaims(spec.resourceClaims, `${at}.resourceClaims`, pod);
  validateContainers(spec.containers ?? [], `${at}.containers`, pod);
  if (spec.initContainers !== undefined) validateInitContainers(spec.initContainers, `${at}.initContainers`, pod);
  if (spec.ephemeralContainers !== undefined) validateEphemeralContainers(spec.ephemeralContainers, `${at}.ephemeralContainers`, pod);
  if (spec.resources !== undefined) validatePodResources(spec.resources, at, pod);
  if (spec.hostNetwork === true) validateHostNetworkPorts(at, pod);
  out.requiredOneOf(spec.restartPolicy, restartPolicies, `${at}.restartPolicy`);
  validateDnsPolicy(spec.dnsPolicy, `${at}.dnsPolicy`, out);
  out.labels(spec.nodeSelector, `${at}.nodeSelector`);
  if (spec.securityContext !== undefined) validatePodSecurityContext(spec.securityContext, `${at}.securityContext`, pod);
  if (spec.affinity !== undefined) validateAffinity(spec.affinity, `${at}.affinity`, pod);
  validateDns(spec, at, out);
  validateGates(spec, at, out);
  if (spec.topologySpreadConstraints !== undefined)
    validateTopologySpread(spec.topologySpreadConstraints, `${at}.topologySpreadConstraints`, pod);
  validateHostProcess(at, pod);
  if (spec.hostUsers === false) validateUserNamespace(at, pod);
  validateHostnameOverride(spec, at, out);
  validateNames(spec, at, out);
  validatePlacement(spec, at, pod);
  validateFileReferences(at, pod);
}

function validateNames(spec: Readonly<PodSpec>, at: string, out: Findings): void {
  if (spec.serviceAccountName) out.subdomain(spec.serviceAccountName, `${at}.serviceAccountName`);
  if (spec.nodeName) out.subdomain(spec.nodeName, `${at}.nodeName`);
  if (spec.activeDeadlineSeconds !== undefined) out.inRange(spec.activeDeadlineSeconds, [1, largestInt32], `${at}.activeDeadlineSeconds`);
  if (spec.hostname) out.label(spec.hostname, `${at}.hostname`);
  if (spec.subdomain) out.label(spec.subdomain, `${at}.subdomain`);
}

function validatePlacement(spec: Readonly<PodSpec>, at: string, pod: PodContext): void {
  const { out } = pod;
  if (spec.tolerations !== undefined) validateTolerations(spec.tolerations, `${at}.tolerations`, pod);
  if (spec.hostAliases !== undefined) validateHostAliases(spec.hostAliases, `${at}.hostAliases`, out);
  if (spec.priorityClassName) out.subdomain(spec.priorityClassName, `${at}.priorityClassName`);
  if (spec.runtimeClassName !== undefined) out.subdomain(spec.runtimeClassName, `${at}.runtimeClassName`);
  if (spec.preemptionPolicy !== undefined) out.requiredOneOf(spec.preemptionPolicy, preemptionPolicies, `${at}.preemptionPolicy`);
  // Upstream judges overhead as a container's limits.
  if (spec.overhead !== undefined) validateResources({ limits: spec.overhead }, `${at}.overhead`, pod);
  if (spec.os !== undefined) validateOs(spec.os, at, pod);
  const group = spec.schedulingGroup;
  if (group === undefined) return;
  if (group.podGroupName === undefined) out.invalid(`${at}.schedulingGroup.podGroupName`, null, "must specify one of: `podGroupName`");
  else out.messages(`${at}.schedulingGroup.podGroupName`, group.podGroupName, dnsSubdomainErrors(group.podGroupName));
}

function validateResourceClaims(claims: readonly PodResourceClaim[], at: string, { out, annotations }: PodContext): void {
  const names = new Set<string>();
  for (const [index, claim] of claims.entries()) {
    const here = `${at}[${index}]`;
    if (annotations[mirrorKey] !== undefined) {
      out.forbidden("", "static pods do not support resource claims");
      continue;
    }
    const { name = "", resourceClaimName, resourceClaimTemplateName } = claim;
    if (name === "") out.required(`${here}.name`);
    else if (names.has(name)) out.duplicate(`${here}.name`, name);
    else out.label(name, `${here}.name`);
    names.add(name);
    const shown = (): unknown => goForm("core/v1.PodResourceClaim", claim);
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined)
      out.invalid(here, shown(), "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      out.invalid(here, shown(), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
    if (resourceClaimName !== undefined) out.subdomain(resourceClaimName, `${here}.resourceClaimName`);
    if (resourceClaimTemplateName !== undefined) out.subdomain(resourceClaimTemplateName, `${here}.resourceClaimTemplateName`);
  }
}

/** With the host's network, a container's port is the host's. */
function validateHostNetworkPorts(at: string, { spec, out, isPod }: PodContext): void {
  for (const [index, { ports = [] }] of (spec.containers ?? []).entries()) {
    for (const [position, { hostPort = 0, containerPort = 0 }] of ports.entries()) {
      if ((isPod || hostPort !== 0) && hostPort !== containerPort)
        out.invalid(
          `${at}.containers[${index}].ports[${position}].hostPort`,
          hostPort,
          "must match `containerPort` when `hostNetwork` is true",
        );
    }
  }
}

function validateGates(spec: Readonly<PodSpec>, at: string, out: Findings): void {
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries())
    out.qualifiedName(conditionType, `${at}.readinessGates[${index}].conditionType`);
  if (spec.schedulingGates !== undefined) validateSchedulingGates(spec.schedulingGates, `${at}.schedulingGates`, out);
}

function validateSchedulingGates(gates: readonly PodSchedulingGate[], at: string, out: Findings): void {
  const seen = new Set<string>();
  for (const [index, { name }] of gates.entries()) {
    out.qualifiedName(name, `${at}[${index}]`);
    if (seen.has(name)) out.duplicate(`${at}[${index}]`, name);
    seen.add(name);
  }
}

/** What a pod cannot share with its host when its users are its own (KEP-127). */
function validateUserNamespace(at: string, { spec, out, allow }: PodContext): void {
  const text = "when `hostUsers` is false";
  if (spec.hostNetwork === true && !allow.hostNetworkInUserNamespace()) out.forbidden(`${at}.hostNetwork`, text);
  if (spec.hostPID === true) out.forbidden(`${at}.HostPID`, text);
  if (spec.hostIPC === true) out.forbidden(`${at}.HostIPC`, text);
  for (const { container, path } of containersOf(spec))
    if ((container.volumeDevices ?? []).length > 0 && !allow.devicesInUserNamespace()) out.forbidden(`${at}.${path}.volumeDevices`, text);
}

/** Variables can be read from files of `emptyDir` volumes (KEP-3721). */
function validateFileReferences(at: string, { spec, out }: PodContext): void {
  for (const { container, path } of containersOf(spec)) {
    if (container.env === undefined) continue;
    for (const [index, { valueFrom }] of container.env.entries()) {
      const name = valueFrom?.fileKeyRef?.volumeName;
      if (name === undefined) continue;
      const here = `${at}.${path}.env[${index}].valueFrom.fileKeyRef.volumeName`;
      const volume = (spec.volumes ?? []).findLast((each) => each.name === name);
      if (volume === undefined) out.notFound(here, name);
      else if (volume.emptyDir === undefined) out.invalid(here, name, "referenced volume must be of type emptyDir");
    }
  }
}
