import { formatApiVersion, parseApiVersion, type GroupResource, type GroupVersionKind, type KubeObject } from "./types.ts";

/** The group, version and kind that an object names. */
export function gvkOf(object: Readonly<Pick<KubeObject, "apiVersion" | "kind">>): GroupVersionKind {
  return { ...parseApiVersion(object.apiVersion ?? ""), kind: object.kind ?? "" };
}

/** `apps/v1, Kind=Deployment`, as messages have it. */
export function formatGvk({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}

/** `Deployment.apps`, `Pod`. */
export function formatGroupKind({ group, kind }: { group: string; kind: string }): string {
  return group === "" ? kind : `${kind}.${group}`;
}

/** `deployments.apps`, `pods`. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === "" ? resource : `${resource}.${group}`;
}

/** The apiVersion and kind fields of a GVK. */
export function typeMetaOf(gvk: GroupVersionKind): { apiVersion: string; kind: string } {
  return { apiVersion: formatApiVersion(gvk.group, gvk.version), kind: gvk.kind };
}

const versionPattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const stabilities = ["alpha", "beta", undefined];

/**
 * Orders versions as discovery and CustomResourceDefinitions do: `v2`, `v1`, `v1beta2`, `v1beta1`, `v1alpha1`, then everything
 * else by name. Negative when `left` comes first.
 */
export function compareVersions(left: string, right: string): number {
  const leftMatch = versionPattern.exec(left);
  const rightMatch = versionPattern.exec(right);
  if (leftMatch === null || rightMatch === null) {
    if (leftMatch !== null) return -1;
    if (rightMatch !== null) return 1;
    return left < right ? -1 : left > right ? 1 : 0;
  }
  const stability = stabilities.indexOf(rightMatch[2]) - stabilities.indexOf(leftMatch[2]);
  return stability || Number(rightMatch[1]) - Number(leftMatch[1]) || Number(rightMatch[3] ?? 0) - Number(leftMatch[3] ?? 0);
}
