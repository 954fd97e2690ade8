import { compareVersions, formatApiVersion, type ResourceDefinition, type ResourceVersionDefinition } from "@coracle/apimachinery";
import { columnsOf } from "../printing/columns.ts";
import { declarations, type KindDeclaration, type RetiredKindDeclaration, type SubresourceDeclaration } from "../schema/declarations.ts";
import { schemaOf } from "../schema/schema-of.ts";
import { retiredVersion, type StoredVersion } from "../versions/retired-version.ts";
import type { KindFamily } from "./definitions.ts";
import { selectableFields } from "./selectable-fields.ts";

/** The retired versions that go by the family's own group, the newest first. */
export function retiredVersions({ current, retired, stored }: KindFamily): ResourceVersionDefinition[] {
  return retired
    .filter(({ sg }) => sg === undefined)
    .sort((left, right) => compareVersions(left.v, right.v))
    .map((kind, index) => versionOf(kind, stored, current.length === 0 && index === 0));
}

/**
 * What old clients call by another group's name: `extensions`. Without short names and categories: `kubectl` would list the objects
 * twice under `all`, and warn that `deploy` has two meanings.
 */
export function retiredAliases(definition: ResourceDefinition, { retired, stored }: KindFamily): ResourceDefinition[] {
  return retired
    .filter(({ sg }) => sg !== undefined)
    .map((kind) => ({ ...definition, group: kind.g, shortNames: [], categories: [], versions: [versionOf(kind, stored, true)] }));
}

function versionOf(kind: RetiredKindDeclaration, stored: KindDeclaration, isOnly: boolean): ResourceVersionDefinition {
  const whole = { ...stored, ...kind, sub: subresourcesOf(kind, stored) };
  let known: StoredVersion | undefined;
  return retiredVersion(whole, {
    isOnly,
    ...(kind.t !== stored.t && { stored: () => (known ??= storedVersion(stored)) }),
    selectableFields: selectableFields(stored.t, stored.fs ?? []),
  });
}

/** Those of the stored version, unless the retired one has its own of that name. */
function subresourcesOf(kind: RetiredKindDeclaration, stored: KindDeclaration): SubresourceDeclaration[] {
  const own = kind.sub ?? [];
  const names = new Set(own.map(({ n }) => n));
  const others = (stored.sub ?? []).filter(({ n }) => !names.has(n));
  return [...others, ...own].sort((left, right) => (left.n < right.n ? -1 : 1));
}

/** The kind that a kind is stored as: itself, or that of the group whose storage it shares (events). */
function storedVersion(kind: KindDeclaration): StoredVersion {
  const home = kind.sg === undefined ? kind : declarations().kinds.find(({ g, k }) => g === kind.sg && k === kind.k);
  const { g, v, t, pc, k } = home ?? kind;
  return { apiVersion: formatApiVersion(g, v), schema: schemaOf(t), columns: columnsOf(pc ?? k) };
}
