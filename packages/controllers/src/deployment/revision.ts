import { deepEqual } from "@coracle/apimachinery";
import type { Deployment, PodTemplateSpec, ReplicaSet } from "@coracle/api";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
export const revisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
export const desiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
export const hashLabel = "pod-template-hash";

/** Annotations of a Deployment that its sets do not inherit. */
const ownAnnotations = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  "deployment.kubernetes.io/max-replicas",
  "deprecated.deployment.rollback.to",
]);

/** The set that runs the Deployment's template: the oldest, if for some reason there are several. */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = withoutHash(deployment.spec?.template ?? {});
  return sets.toSorted(byCreation).find((set) => deepEqual(withoutHash(set.spec?.template ?? {}), wanted));
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  // An API server writes null for a time that is not set.
  const { creationTimestamp: _time, ...metadata } = (template.metadata ?? {}) as Record<string, unknown>;
  return { ...template, metadata: { ...metadata, labels } } as PodTemplateSpec;
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return (
    Date.parse(a.metadata.creationTimestamp ?? "") - Date.parse(b.metadata.creationTimestamp ?? "") ||
    (a.metadata.name ?? "").localeCompare(b.metadata.name ?? "")
  );
}

/** Zero when there is none. Others may have written any number of 64 bits there. */
export function revisionOf(object: { metadata: { annotations?: Record<string, string> } }): bigint {
  const text = object.metadata.annotations?.[revisionAnnotation] ?? "";
  return /^\d{1,19}$/u.test(text) ? BigInt(text) : 0n;
}

/** The revision that comes after those of `sets`. */
export function nextRevision(sets: readonly ReplicaSet[]): bigint {
  return 1n + sets.map(revisionOf).reduce((most, revision) => (revision > most ? revision : most), 0n);
}

/** Oldest revision first. */
export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [left, right] = [revisionOf(a), revisionOf(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** What a set's annotations must be for it to be revision `revision`; the revisions it was before are remembered. */
export function setAnnotations(deployment: Deployment, set: ReplicaSet | undefined, revision: bigint): Record<string, string> {
  const inherited = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !ownAnnotations.has(name));
  const annotations: Record<string, string> = { ...set?.metadata.annotations, ...Object.fromEntries(inherited) };
  const before = set === undefined ? 0n : revisionOf(set);
  if (before >= revision && before > 0n) return annotations;
  if (before > 0n) {
    const history = (annotations[revisionHistoryAnnotation] ?? "").split(",").filter((entry) => entry !== "");
    // As many as an annotation reasonably holds.
    annotations[revisionHistoryAnnotation] = [...history, String(before)].slice(-200).join(",");
  }
  annotations[revisionAnnotation] = String(revision);
  return annotations;
}
