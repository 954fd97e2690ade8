import { parseApiVersion, type GroupVersionKind, type Schema } from "@coracle/apimachinery";
import { declarations, typeDeclaration, type KindDeclaration } from "./schema/declarations.ts";
import { schemaOf } from "./schema/schema-of.ts";

/** A kind that is sent and answered but never stored. */
export interface VirtualKind extends GroupVersionKind {
  /** `tokenreviews`, or as a subresource `pods/eviction`. */
  readonly resource: string;
}

/** Reviews and `Binding`, which have a path of their own, and the kinds of subresources: `Eviction`, `TokenRequest`, `Scale`. */
export function virtualKinds(): readonly VirtualKind[] {
  return declarations().kinds.flatMap((kind) => [
    ...(isVirtual(kind) ? [{ group: kind.g, version: kind.v, kind: kind.k, resource: kind.p }] : []),
    ...(kind.sub ?? [])
      .filter(({ k }) => k !== kind.k)
      .map(({ n, k, gv }) => ({
        ...(gv === undefined ? { group: kind.g, version: kind.v } : parseApiVersion(gv)),
        kind: k,
        resource: `${kind.p}/${n}`,
      })),
  ]);
}

/** Whether only a POST to the kind's path is answered. */
export function isVirtual(kind: KindDeclaration): boolean {
  return kind.ep === undefined;
}

/** The schema of a built-in kind, stored or not; undefined when it is none: `{ group: "policy", version: "v1", kind: "Eviction" }`. */
export function schemaOfKind({ group, version, kind }: GroupVersionKind): Schema | undefined {
  const type = `${group === "" ? "core" : (group.split(".")[0] as string)}/${version}.${kind}`;
  return typeDeclaration(type) === undefined ? undefined : schemaOf(type);
}
