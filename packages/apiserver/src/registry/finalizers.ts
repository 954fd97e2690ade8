import type { DeleteOptions, UnstructuredObject } from "@coracle/apimachinery";
import type { Target } from "./target.ts";

/** What holds an object back after its deletion was asked for. Namespaces have a list of their own in their spec. */
export function hasPendingFinalizers(target: Target, object: Readonly<UnstructuredObject>): boolean {
  if ((object.metadata.finalizers?.length ?? 0) > 0) return true;
  const { definition } = target.form;
  if (definition.group !== "" || definition.resource !== "namespaces") return false;
  const spec = object["spec"] as { finalizers?: string[] } | undefined;
  return (spec?.finalizers?.length ?? 0) > 0;
}

const orphan = "orphan";
const foreground = "foregroundDeletion";

/** The finalizers that the chosen way of deletion needs; the garbage collector acts on them and takes them off. */
export function finalizersForDeletion(target: Target, object: Readonly<UnstructuredObject>, options: DeleteOptions): string[] {
  const present = object.metadata.finalizers ?? [];
  const wanted = present.filter((name) => name !== orphan && name !== foreground);
  const own = target.form.definition.strategy.deletionFinalizer;
  if (own !== undefined && object.metadata.deletionTimestamp === undefined && !wanted.includes(own)) wanted.push(own);
  if (shouldOrphan(target, present, options)) wanted.push(orphan);
  if (shouldDeleteForeground(present, options)) wanted.push(foreground);
  return wanted;
}

function shouldOrphan(target: Target, present: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined && options.orphanDependents !== null) return options.orphanDependents;
  if (options.propagationPolicy) return options.propagationPolicy === "Orphan";
  if (present.includes(orphan)) return true;
  if (present.includes(foreground)) return false;
  return target.form.definition.strategy.defaultPropagation === "Orphan";
}

function shouldDeleteForeground(present: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined && options.orphanDependents !== null) return false;
  if (options.propagationPolicy) return options.propagationPolicy === "Foreground";
  return present.includes(foreground);
}
