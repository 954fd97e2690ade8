import type { ObjectMeta } from "@coracle/apimachinery";
import type { Container, PodSpec, PodSecurityContext, SecurityContext } from "@coracle/api";

/** A pod, or a template of one. */
export interface CheckedPod {
  readonly metadata?: Pick<ObjectMeta, "annotations"> | undefined;
  readonly spec: PodSpec;
}

/** Why a pod is refused: `reason` in few words, `detail` with the places and values. */
export interface Finding {
  readonly reason: string;
  readonly detail: string;
}

export type CheckPod = (pod: CheckedPod) => Finding | undefined;

/** One control of the Pod Security Standards, with its revisions. */
export interface Check {
  readonly id: string;
  /** Restricted checks come on top of the baseline ones. */
  readonly level: "baseline" | "restricted";
  /** In growing order of the minor version 1.`since` from which they hold. */
  readonly revisions: readonly {
    readonly since: number;
    readonly check: CheckPod;
    /** The baseline check that this stricter one makes superfluous. */
    readonly overrides?: string;
  }[];
}

type CheckedContainer = Pick<
  Container,
  "name" | "securityContext" | "ports" | "livenessProbe" | "readinessProbe" | "startupProbe" | "lifecycle"
>;

/** All containers in the order in which findings name them. */
export function containersOf({ spec }: CheckedPod): readonly CheckedContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

/** The names of the containers of which `test` holds. */
export function containersWhere(
  pod: CheckedPod,
  test: (context: SecurityContext | undefined, container: CheckedContainer) => boolean,
): string[] {
  return containersOf(pod)
    .filter((container) => test(container.securityContext ?? undefined, container))
    .map(({ name }) => name);
}

/** `pod`, `container "a"`, `containers "a", "b"`: who breaks a rule that holds for the pod's security context and the containers' ones. */
export function settersWhere(pod: CheckedPod, test: (context: SecurityContext & PodSecurityContext) => boolean): string[] {
  const { securityContext } = pod.spec;
  const isPodBad = securityContext !== undefined && securityContext !== null && test(securityContext);
  const containers = containersWhere(pod, (context) => context !== undefined && test(context));
  return [...(isPodBad ? ["pod"] : []), ...(containers.length > 0 ? [named("container", containers)] : [])];
}

/** `container "a"` or `containers "a", "b"`. */
export function named(noun: string, names: readonly string[]): string {
  return `${plural(noun, names)} ${quoted(names)}`;
}

export function plural(noun: string, items: readonly unknown[]): string {
  return items.length === 1 ? noun : `${noun}s`;
}

/** `"a", "b"`, as they are. */
export function quoted(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(", ");
}

/** Each once, in order. */
export function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

/** The same check, but Windows pods pass: these fields cannot be set on them. */
export function exceptOnWindows(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.os?.name === "windows" ? undefined : check(pod));
}

/** The same check, but pods in a user namespace of their own pass (KEP-127). */
export function exceptInUserNamespace(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.hostUsers === false ? undefined : check(pod));
}
