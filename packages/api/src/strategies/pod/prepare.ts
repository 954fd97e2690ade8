import { deepEqual, Findings, type LabelSelector, type LabelSelectorRequirement } from "@coracle/apimachinery";
import type { AppArmorProfile, Pod, PodAffinityTerm, PodSpec, PodTemplateSpec } from "../../generated/types.ts";
import { appArmorPrefix } from "./annotations.ts";
import { qosClass } from "./qos.ts";
import { validateAppArmor } from "./security-context.ts";
import { containersOf } from "./visit-containers.ts";

/** A new pod: pending, with what its annotations and labels say written into the fields. */
export function preparePod(pod: Pod, now: string): void {
  pod.status = { phase: "Pending", qosClass: qosClass(pod) };
  const { spec } = pod;
  if (spec === undefined) return;
  dropDisabledFields(spec);
  if ((spec.schedulingGates ?? []).length > 0) {
    const message = "Scheduling is blocked due to non-empty scheduling gates";
    pod.status.conditions = [{ type: "PodScheduled", status: "False", lastTransitionTime: now, reason: "SchedulingGated", message }];
  }
  const labels = pod.metadata.labels ?? {};
  for (const term of affinityTerms(spec)) {
    mergeLabelKeys(term.labelSelector, term.matchLabelKeys, "In", labels);
    mergeLabelKeys(term.labelSelector, term.mismatchLabelKeys, "NotIn", labels);
  }
  for (const constraint of spec.topologySpreadConstraints ?? [])
    mergeLabelKeys(constraint.labelSelector, constraint.matchLabelKeys, "In", labels);
  if (pod.metadata.annotations !== undefined) applyAppArmorAnnotations(spec, pod.metadata.annotations);
}

/**
 * Fields of features that are off: they go, unless the stored object uses the feature already. Gangs (KEP-4671), trust bundles
 * (KEP-3257), pod certificates (KEP-4317) and stop signals (KEP-4960).
 */
export function dropDisabledFields(spec: PodSpec, old?: Readonly<PodSpec>): void {
  if (spec.schedulingGroup !== undefined && old?.schedulingGroup === undefined) delete spec.schedulingGroup;
  for (const name of ["clusterTrustBundle", "podCertificate"] as const) {
    if (old !== undefined && usesProjection(old, name)) continue;
    for (const { projected } of spec.volumes ?? []) for (const source of projected?.sources ?? []) delete source[name];
  }
  if (old !== undefined && containersOf(old).some(({ container }) => container.lifecycle?.stopSignal !== undefined)) return;
  for (const { container } of containersOf(spec)) {
    if (container.lifecycle?.stopSignal === undefined) continue;
    delete container.lifecycle.stopSignal;
    if (container.lifecycle.postStart === undefined && container.lifecycle.preStop === undefined) delete container.lifecycle;
  }
}

/** {@link dropDisabledFields} of a template. */
export function dropDisabledTemplateFields(template: PodTemplateSpec | undefined, old?: Readonly<PodTemplateSpec>): void {
  if (template?.spec !== undefined) dropDisabledFields(template.spec, old?.spec);
}

function usesProjection({ volumes = [] }: Readonly<PodSpec>, name: "clusterTrustBundle" | "podCertificate"): boolean {
  return volumes.some(({ projected }) => (projected?.sources ?? []).some((source) => source[name] !== undefined));
}

function affinityTerms({ affinity }: Readonly<PodSpec>): PodAffinityTerm[] {
  if (affinity === undefined) return [];
  return [affinity.podAffinity, affinity.podAntiAffinity].flatMap((part) => [
    ...(part?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ...(part?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ]);
}

/** Adds to the selector that pods must have the pod's own values of these labels, or other ones. */
function mergeLabelKeys(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: LabelSelectorRequirement["operator"],
  labels: Readonly<Record<string, string>>,
): void {
  if (selector === undefined) return;
  for (const key of keys ?? []) {
    const value = labels[key];
    if (value !== undefined) (selector.matchExpressions ??= []).push({ key, operator, values: [value] });
  }
}

/** Old annotations become fields, where they say something else than the pod's own profile. */
function applyAppArmorAnnotations(spec: PodSpec, annotations: Readonly<Record<string, string>>): void {
  if (spec.os?.name === "windows") return;
  for (const { container } of containersOf(spec)) {
    const annotation = annotations[appArmorPrefix + container.name];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) continue;
    const profile = appArmorProfileOf(annotation);
    if (profile !== undefined && !deepEqual(profile, spec.securityContext?.appArmorProfile))
      container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  }
}

/** The field that says what an annotation says; undefined when that is nothing valid. */
export function appArmorProfileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === "unconfined") return { type: "Unconfined" };
  if (annotation === "runtime/default") return { type: "RuntimeDefault" };
  if (!annotation.startsWith("localhost/")) return undefined;
  const profile = { type: "Localhost", localhostProfile: annotation.slice("localhost/".length) };
  const out = new Findings();
  validateAppArmor(profile, "", out);
  return out.errors.length === 0 ? profile : undefined;
}
