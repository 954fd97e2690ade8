import { deepEqual, dnsLabelErrors, ipWarnings, quoteText } from "@coracle/apimachinery";
import type { Affinity, Container, EnvVar, Pod, PodSpec, PodTemplateSpec, Volume } from "../../generated/types.ts";
import { nodeLabelWarning, nodeTermWarnings } from "../shared/node-labels.ts";
import { claimSpecWarnings, fractionWarning } from "../storage/claim-warnings.ts";
import { appArmorPrefix, seccompContainerPrefix, seccompKey } from "./annotations.ts";
import { overlapWarnings } from "./path-warnings.ts";
import { addPortWarnings } from "./port-warnings.ts";
import { appArmorProfileOf } from "./prepare.ts";
import { containersOf } from "./visit-containers.ts";

type Annotations = Readonly<Record<string, string>>;

/** Warnings about a new Pod. */
export function podWarnings({ metadata, spec = { containers: [] } }: Readonly<Pod>): string[] {
  const errors = dnsLabelErrors(metadata.name ?? "");
  const shown = `[${errors.join(" ")}]`;
  const text = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: ";
  return [...(errors.length === 0 ? [] : [`metadata.name: ${text}${shown}`]), ...specWarnings(spec, metadata.annotations ?? {}, "")];
}

/** Warnings about a template at `at`: `spec.template`. */
export function templateWarnings(template: Readonly<PodTemplateSpec> | undefined, at: string): string[] {
  if (template?.spec === undefined) return [];
  const annotations = template.metadata?.annotations ?? {};
  return [...specWarnings(template.spec, annotations, `${at}.`), ...appArmorWarnings(template.spec, annotations, at)];
}

/** `prefix` is what stands before `spec` and `metadata`. Most pods have nothing to warn about, so that nothing is made up in advance. */
function specWarnings(spec: Readonly<PodSpec>, annotations: Annotations, prefix: string): string[] {
  const at = `${prefix}spec`;
  const warnings: string[] = [];
  if (spec.nodeSelector !== undefined || spec.affinity?.nodeAffinity !== undefined || spec.topologySpreadConstraints !== undefined)
    warnings.push(...nodeWarnings(spec, at));
  warnings.push(...annotationWarnings(spec, annotations, `${prefix}metadata.annotations`));
  if (spec.volumes !== undefined) {
    for (const [index, volume] of spec.volumes.entries()) addVolumeWarnings(volume, `${at}.volumes[${index}]`, warnings);
    warnings.push(...overlapWarnings(spec.volumes));
  }
  if (spec.hostAliases !== undefined || spec.imagePullSecrets !== undefined) warnings.push(...listWarnings(spec, at));
  if (spec.overhead !== undefined) addFractions(spec.overhead, `${at}.overhead`, warnings);
  for (const { container, path } of containersOf(spec)) addContainerWarnings(container, `${at}.${path}`, warnings);
  addPortWarnings(spec, at, warnings);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    warnings.push(`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`);
  if (spec.affinity !== undefined) warnings.push(...affinityWarnings(spec.affinity, `${at}.affinity`));
  for (const [index, address] of (spec.dnsConfig?.nameservers ?? []).entries())
    warnings.push(...ipWarnings(`${at}.dnsConfig.nameservers[${index}]`, address));
  for (const [index, { ip = "" }] of (spec.hostAliases ?? []).entries()) warnings.push(...ipWarnings(`${at}.hostAliases[${index}].ip`, ip));
  return warnings;
}

function nodeWarnings(spec: Readonly<PodSpec>, at: string): string[] {
  const labels = Object.keys(spec.nodeSelector ?? {}).flatMap((key) => {
    const text = nodeLabelWarning(key);
    return text === undefined ? [] : [`${at}.nodeSelector[${key}]: ${text}`];
  });
  const affinity = spec.affinity?.nodeAffinity;
  const required = `${at}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  const preferred = `${at}.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution`;
  const spread = (spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, index) => {
    const here = `${at}.topologySpreadConstraints[${index}]`;
    const text = nodeLabelWarning(topologyKey);
    return [
      ...(text === undefined ? [] : [`${here}.topologyKey: ${topologyKey} is ${text}`]),
      ...(labelSelector === undefined ? [`${here}.labelSelector: a null labelSelector results in matching no pod`] : []),
    ];
  });
  return [
    ...labels,
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      nodeTermWarnings(term, `${required}[${index}]`),
    ),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ preference }, index) =>
      nodeTermWarnings(preference ?? {}, `${preferred}[${index}].preference`, true),
    ),
    ...spread,
  ];
}

const deprecatedAnnotations = [
  ["scheduler.alpha.kubernetes.io/critical-pod", 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ["security.alpha.kubernetes.io/sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'],
  ["security.alpha.kubernetes.io/unsafe-sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'],
] as const;
const oldSeccompText = 'non-functional in v1.27+; use the "seccompProfile" field instead';

function annotationWarnings(spec: Readonly<PodSpec>, annotations: Annotations, at: string): string[] {
  if (Object.keys(annotations).length === 0) return [];
  const warnings = deprecatedAnnotations.filter(([key]) => annotations[key] !== undefined).map(([key, text]) => `${at}[${key}]: ${text}`);
  if (spec.securityContext?.seccompProfile === undefined && annotations[seccompKey] !== undefined)
    warnings.push(`${at}[${seccompKey}]: ${oldSeccompText}`);
  for (const { container } of containersOf(spec)) {
    const key = seccompContainerPrefix + container.name;
    if (container.securityContext?.seccompProfile === undefined && annotations[key] !== undefined)
      warnings.push(`${at}[${key}]: ${oldSeccompText}`);
  }
  return warnings;
}

function appArmorWarnings(spec: Readonly<PodSpec>, annotations: Annotations, at: string): string[] {
  const warnings: string[] = [];
  for (const { container } of containersOf(spec)) {
    const key = appArmorPrefix + container.name;
    const annotation = annotations[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) continue;
    const ofPod = spec.securityContext?.appArmorProfile;
    if (ofPod === undefined || !deepEqual(ofPod, appArmorProfileOf(annotation)))
      warnings.push(`${at}.metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
  return warnings;
}

const deprecatedVolumes = [
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
] as const;

function addVolumeWarnings(volume: Readonly<Volume>, at: string, warnings: string[]): void {
  for (const [name, shown, text] of deprecatedVolumes) if (volume[name] !== undefined) warnings.push(`${at}.${shown}: ${text}`);
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  if (claim !== undefined) warnings.push(...claimSpecWarnings(claim, `${at}.ephemeral.volumeClaimTemplate.spec`));
}

function listWarnings(spec: Readonly<PodSpec>, at: string): string[] {
  const warnings: string[] = [];
  const addresses = new Set<string>();
  for (const [index, { ip = "" }] of (spec.hostAliases ?? []).entries()) {
    if (addresses.has(ip)) warnings.push(`${at}.hostAliases[${index}].ip: duplicate ip ${quoteText(ip)}`);
    addresses.add(ip);
  }
  const names = new Set<string>();
  for (const [index, { name = "" }] of (spec.imagePullSecrets ?? []).entries()) {
    if (names.has(name)) warnings.push(`${at}.imagePullSecrets[${index}].name: duplicate name ${quoteText(name)}`);
    names.add(name);
  }
  for (const [index, { name = "" }] of (spec.imagePullSecrets ?? []).entries())
    if (name === "") warnings.push(`${at}.imagePullSecrets[${index}].name: invalid empty name ""`);
  return warnings;
}

function addContainerWarnings({ resources, env }: Readonly<Container>, at: string, warnings: string[]): void {
  if (resources?.limits !== undefined) addFractions(resources.limits, `${at}.resources.limits`, warnings);
  if (resources?.requests !== undefined) addFractions(resources.requests, `${at}.resources.requests`, warnings);
  if (env === undefined || env.length < 2) return;
  const names = new Set<string>();
  for (const [index, variable] of env.entries()) {
    if (names.has(variable.name) && !extendsItself(variable))
      warnings.push(`${at}.env[${index}]: hides previous definition of ${quoteText(variable.name)}, which may be dropped when using apply`);
    names.add(variable.name);
  }
}

/** Bytes come in whole ones. */
function addFractions(amounts: Readonly<Record<string, string>>, at: string, warnings: string[]): void {
  for (const name of ["memory", "ephemeral-storage"]) if (name in amounts) warnings.push(...fractionWarning(amounts, name, at));
}

/** `PATH=$(PATH):/more` uses the definition before. */
function extendsItself({ name, value = "", valueFrom }: EnvVar): boolean {
  const reference = `$(${name})`;
  return valueFrom === undefined && value !== reference && value.includes(reference);
}

function affinityWarnings(affinity: Readonly<Affinity>, at: string): string[] {
  const text = "a null labelSelector results in matching no pod";
  return (["podAffinity", "podAntiAffinity"] as const).flatMap((name) => {
    const required = affinity[name]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity[name]?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [
      ...required.flatMap(({ labelSelector }, index) =>
        labelSelector === undefined
          ? [`${at}.${name}.requiredDuringSchedulingIgnoredDuringExecution[${index}].labelSelector: ${text}`]
          : [],
      ),
      ...preferred.flatMap(({ podAffinityTerm }, index) =>
        podAffinityTerm?.labelSelector === undefined
          ? [`${at}.${name}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm.labelSelector: ${text}`]
          : [],
      ),
    ];
  });
}
