import type { UnstructuredObject } from "@coracle/apimachinery";
import type { Container, PodSpec } from "@coracle/api";
import type { CheckedPod } from "./check.ts";

/** What makes pods from a template. */
export const workloads = [
  "replicationcontrollers",
  "podtemplates",
  "replicasets.apps",
  "deployments.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "cronjobs.batch",
] as const;

interface WithPod {
  readonly kind: string;
  readonly metadata: CheckedPod["metadata"];
  readonly template?: Partial<CheckedPod>;
  readonly spec?: PodSpec & {
    readonly template?: Partial<CheckedPod>;
    readonly jobTemplate?: { readonly spec?: { readonly template?: Partial<CheckedPod> } };
  };
}

/** The pod that the object is, or that it is to make; undefined when it has no template. */
export function checkedPodIn(object: Readonly<UnstructuredObject>): CheckedPod | undefined {
  const { kind, metadata, template, spec } = object as unknown as WithPod;
  if (kind === "Pod") return spec === undefined ? undefined : { metadata, spec };
  const found = kind === "PodTemplate" ? template : kind === "CronJob" ? spec?.jobTemplate?.spec?.template : spec?.template;
  return found?.spec === undefined ? undefined : { metadata: found.metadata, spec: found.spec };
}

/** Whether an update of a pod changes an image or adds a container; the rest of what matters cannot change. */
export function isSignificantUpdate(object: Readonly<UnstructuredObject>, old: Readonly<UnstructuredObject>): boolean {
  const [next, before] = [specOf(object), specOf(old)];
  const pairs = [
    [next.containers ?? [], before.containers ?? []],
    [next.initContainers ?? [], before.initContainers ?? []],
  ] as const;
  if (pairs.some(([after, earlier]) => after.length !== earlier.length || hasOtherImages(after, earlier))) return true;
  return (next.ephemeralContainers ?? []).some((container) => {
    const same = before.ephemeralContainers?.find(({ name }) => name === container.name);
    return same?.image !== container.image;
  });
}

function hasOtherImages(after: readonly Container[], before: readonly Container[]): boolean {
  return after.some(({ image }, index) => image !== before[index]?.image);
}

function specOf(object: Readonly<UnstructuredObject>): Partial<PodSpec> {
  return (object["spec"] ?? {}) as Partial<PodSpec>;
}
