import { parseApiVersion, type KubeObject, type OwnerReference } from "./types.ts";

/** The reference that makes `owner` the controller of an object: it is deleted with it, and blocks its foreground deletion. */
export function controllerReference(owner: Readonly<KubeObject>): OwnerReference {
  return { ...ownerReference(owner), controller: true, blockOwnerDeletion: true };
}

/** A plain owner reference. */
export function ownerReference(owner: Readonly<KubeObject>): OwnerReference {
  return { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name ?? "", uid: owner.metadata.uid ?? "" };
}

/** Whether `owner` controls `object`, by uid. */
export function isControlledBy(object: Readonly<KubeObject>, owner: Readonly<KubeObject>): boolean {
  const uid = owner.metadata.uid;
  return uid !== undefined && object.metadata.ownerReferences?.some((each) => each.controller === true && each.uid === uid) === true;
}

/** Whether two references mean the same owner: group, kind and name, whatever the version. */
export function isSameOwner(left: OwnerReference, right: OwnerReference): boolean {
  const group = (reference: OwnerReference): string => parseApiVersion(reference.apiVersion).group;
  return left.kind === right.kind && left.name === right.name && group(left) === group(right);
}

/** The references with `reference` added, or put in the place of one to the same owner. */
export function withOwnerReference(references: readonly OwnerReference[] | undefined, reference: OwnerReference): OwnerReference[] {
  const all = references ?? [];
  const index = all.findIndex((each) => isSameOwner(each, reference));
  return index < 0 ? [...all, reference] : all.with(index, reference);
}

/** The references without those to the owner with this uid. */
export function withoutOwner(references: readonly OwnerReference[] | undefined, uid: string): OwnerReference[] {
  return (references ?? []).filter((each) => each.uid !== uid);
}
