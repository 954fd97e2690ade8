import {
  parseApiVersion,
  type ResourceDefinition,
  type ResourceStrategy,
  type ResourceVersionDefinition,
  type SubresourceDefinition,
  type UnstructuredObject,
  type Verb,
} from "@coracle/apimachinery";
import { columnsOf } from "../printing/columns.ts";
import { podRowConditions } from "../printing/pod-status.ts";
import { declarations, type KindDeclaration } from "../schema/declarations.ts";
import { schemaOf } from "../schema/schema-of.ts";
import { isVirtual } from "../virtual-kinds.ts";
import { statusStrategy } from "./object-strategy.ts";
import { interim } from "./interim.ts";

export interface BuiltInOptions {
  /** By `resource.group` (`customresourcedefinitions.apiextensions.k8s.io`), by `pods` in the core group; they replace the default. */
  readonly strategies?: Readonly<Record<string, ResourceStrategy>>;
}

/**
 * One definition for each built-in resource: those that are stored, in their storage version, and those that are only answered
 * (verbs `create` alone, no storage path). ComponentStatus is not served. Versions that differ from the storage version
 * in more than apiVersion (`autoscaling/v1`, `events.k8s.io/v1`) are not among them.
 */
export function builtInDefinitions(options: BuiltInOptions = {}): readonly ResourceDefinition[] {
  return declarations()
    .kinds.filter((kind) => isVirtual(kind) || (isOwnStorage(kind) && kind.k !== "ComponentStatus"))
    .map((kind) => definitionOf(kind, options));
}

function isOwnStorage({ v, sv, sg }: KindDeclaration): boolean {
  return v === sv && sg === undefined;
}

function definitionOf(kind: KindDeclaration, { strategies = {} }: BuiltInOptions): ResourceDefinition {
  const key = kind.g === "" ? kind.p : `${kind.p}.${kind.g}`;
  const hasStatus = kind.sub?.some((subresource) => subresource.n === "status") ?? false;
  return {
    group: kind.g,
    resource: kind.p,
    singular: kind.s,
    kind: kind.k,
    listKind: kind.l ?? `${kind.k}List`,
    shortNames: kind.sn ?? [],
    categories: kind.cat ?? [],
    isNamespaced: kind.ns === 1,
    verbs: kind.verbs as readonly Verb[],
    versions: [versionOf(kind)],
    storagePath: kind.ep ?? "",
    strategy: strategies[key] ?? interim(key, hasStatus ? statusStrategy : {}),
    isCustom: false,
  };
}

function versionOf(kind: KindDeclaration): ResourceVersionDefinition {
  return {
    version: kind.v,
    isServed: true,
    isStorage: true,
    schema: schemaOf(kind.t),
    columns: columnsOf(kind.pc ?? kind.k),
    ...(kind.t === "core/v1.Pod" && { rowConditions: podRowConditions }),
    subresources: (kind.sub ?? []).map((subresource) => subresourceOf(kind, subresource)),
    selectableFields: Object.fromEntries((kind.fs ?? []).map((label) => [label, (object: UnstructuredObject) => fieldText(object, label)])),
  };
}

function subresourceOf(owner: KindDeclaration, { n, verbs, k, gv }: NonNullable<KindDeclaration["sub"]>[number]): SubresourceDefinition {
  const { group, version } = gv === undefined ? { group: owner.g, version: owner.v } : parseApiVersion(gv);
  const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
  return { name: n, verbs, kind: { group, version, kind: k }, ...(n === "scale" && { scale }) };
}

function fieldText(object: UnstructuredObject, label: string): string {
  let value: unknown = object;
  for (const key of label.split("."))
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
