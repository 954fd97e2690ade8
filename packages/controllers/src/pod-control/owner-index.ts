import { controllerOf, type KubeObject, type LabelSelector } from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";

const ownerIndex = "controller-uid";
const orphanIndex = "orphan-namespace";

/** Adds the indexes that {@link candidatesOf} reads. */
export function addOwnerIndexes<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(ownerIndex, (object) => {
    const owner = controllerOf(object);
    return owner === undefined ? [] : [owner.uid];
  });
  informer.addIndex(orphanIndex, (object) => (controllerOf(object) === undefined ? [object.metadata.namespace ?? ""] : []));
}

/** What may belong to `owner`: the objects it controls, and the orphans of its namespace. */
export function candidatesOf<T extends KubeObject>(informer: Informer<T>, owner: KubeObject): readonly T[] {
  const orphans = informer.byIndex(orphanIndex, owner.metadata.namespace ?? "");
  const controlled = informer.byIndex(ownerIndex, owner.metadata.uid ?? "");
  return orphans.length === 0 ? controlled : [...controlled, ...orphans];
}

/** Whether a selector selects everything, which for workloads means a mistake. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return selector === undefined || (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0);
}
