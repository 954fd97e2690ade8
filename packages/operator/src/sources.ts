import { controllerOf, objectKey, type KubeObject, type ResourceType } from "@coracle/apimachinery";
import type { Source } from "./controller.ts";

type Predicate<T extends KubeObject> = NonNullable<Source<T>["predicate"]>;

/** Changes of `resource` reconcile the object itself. */
export function watchFor<T extends KubeObject>(resource: ResourceType<T>, predicate?: Predicate<T>): Source {
  return asSource<T>(predicate === undefined ? { resource } : { resource, predicate });
}

/** Changes of `resource` reconcile the object's controller owner when it is of `ownerKind`; a change of owner reconciles both. */
export function owned<T extends KubeObject>(resource: ResourceType<T>, ownerKind: string | ResourceType<KubeObject>): Source {
  const kind = typeof ownerKind === "string" ? ownerKind : ownerKind.kind;
  return mapped(resource, (object) => ownerKeys(object, kind));
}

/** Changes of `resource` reconcile the keys that `keysOf` gives for the object, and for what it was before. */
export function mapped<T extends KubeObject>(
  resource: ResourceType<T>,
  keysOf: (object: T) => readonly string[],
  predicate?: Predicate<T>,
): Source {
  const map = (object: T, old: T | undefined): readonly string[] => {
    const keys = keysOf(object);
    if (old === undefined) return keys;
    const before = keysOf(old);
    return before.every((key) => keys.includes(key)) ? keys : [...keys, ...before];
  };
  return asSource<T>(predicate === undefined ? { resource, map } : { resource, map, predicate });
}

/** Reconciles nothing, but the controller does not start before the cache of `resource` is in sync. For caches that are only read. */
export function cached<T extends KubeObject>(resource: ResourceType<T>): Source {
  return asSource<T>({ resource, predicate: () => false });
}

/** Keys of the controller owner of `object` if it is a `kind`: in the object's namespace, or cluster-scoped. */
function ownerKeys(object: KubeObject, kind: string): readonly string[] {
  const owner = controllerOf(object);
  if (owner?.kind !== kind) return [];
  const { namespace } = object.metadata;
  return [namespace === undefined ? owner.name : `${namespace}/${owner.name}`];
}

/** Forgets the object type: the list of a controller's sources is of mixed types. */
function asSource<T extends KubeObject>(source: Source<T>): Source {
  return source as unknown as Source;
}

/** What an informer tells. */
export interface Change {
  readonly event: "add" | "update" | "delete";
  readonly object: KubeObject;
  readonly old?: KubeObject;
  /** Defaults to false. */
  readonly isInitial?: boolean;
}

/** The keys that a source makes of one change. */
export function keysOfChange(source: Source, { event, object, old, isInitial = false }: Change): readonly string[] {
  if (source.predicate !== undefined && !source.predicate(event, object, old, isInitial)) return [];
  return source.map === undefined ? [objectKey(object)] : source.map(object, old);
}
