import {
  parseApiVersion,
  type ColumnDefinition,
  type ResourceDefinition,
  type ResourceStrategy,
  type ResourceVersionDefinition,
  type SubresourceDefinition,
  type Verb,
} from "@coracle/apimachinery";
import { columnsOf } from "../printing/columns.ts";
import { podRowConditions } from "../printing/pod-status.ts";
import { declarations, type KindDeclaration } from "../schema/declarations.ts";
import { schemaOf } from "../schema/schema-of.ts";
import { eventsConversion } from "../versions/events.ts";
import { autoscalerConversion } from "../versions/horizontal-pod-autoscaler.ts";
import { selectableFields } from "./selectable-fields.ts";
import { statusStrategy } from "./object-strategy.ts";
import { kindStrategies } from "../strategies/index.ts";

export interface BuiltInOptions {
  /** By `resource.group` (`customresourcedefinitions.apiextensions.k8s.io`), by `pods` in the core group; they replace the default. */
  readonly strategies?: Readonly<Record<string, ResourceStrategy>>;
}

/**
 * One definition for each built-in resource: those that are stored, in their storage version, and those that are only answered
 * (verbs `create` alone, no storage path). `events.k8s.io` is another name for what the core group stores. ComponentStatus is not
 * served.
 */
export function builtInDefinitions(options: BuiltInOptions = {}): readonly ResourceDefinition[] {
  const served = declarations().kinds.filter(({ k }) => k !== "ComponentStatus");
  const byName = new Map<string, KindDeclaration[]>();
  for (const kind of served) byName.set(`${kind.p}.${kind.g}`, [...(byName.get(`${kind.p}.${kind.g}`) ?? []), kind]);
  return [...byName.values()].map((versions) => definitionOf(versions, options));
}

function definitionOf(versions: readonly KindDeclaration[], { strategies = {} }: BuiltInOptions): ResourceDefinition {
  // Upstream stores some kinds in versions that are not served by default; we store those in the version that is.
  const stored = versions.find(({ v, sv }) => v === sv) ?? versions[0];
  const kind = stored as KindDeclaration;
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
    versions: versions.map((each) => versionOf(each, each === stored)),
    storagePath: kind.ep ?? "",
    strategy: strategies[key] ?? kindStrategies[key] ?? (hasStatus ? statusStrategy : {}),
    isCustom: false,
  };
}

/** Versions that differ from what is stored in more than their apiVersion. */
const conversions: Readonly<Record<string, NonNullable<ResourceVersionDefinition["convert"]>>> = {
  "autoscaling/v1.HorizontalPodAutoscaler": autoscalerConversion,
  "events/v1.Event": eventsConversion,
};

function versionOf(kind: KindDeclaration, isStorage: boolean): ResourceVersionDefinition {
  const convert = conversions[kind.t];
  return {
    version: kind.v,
    isServed: true,
    isStorage,
    schema: schemaOf(kind.t),
    columns: convert === undefined ? columnsOf(kind.pc ?? kind.k) : columnsOfStored(kind.pc ?? kind.k, convert),
    ...(convert !== undefined && { convert }),
    ...(kind.t === "core/v1.Pod" && { rowConditions: podRowConditions }),
    subresources: (kind.sub ?? []).map((subresource) => subresourceOf(kind, subresource)),
    selectableFields: selectableFields(kind.t, kind.fs ?? []),
  };
}

function subresourceOf(owner: KindDeclaration, { n, verbs, k, gv }: NonNullable<KindDeclaration["sub"]>[number]): SubresourceDefinition {
  const { group, version } = gv === undefined ? { group: owner.g, version: owner.v } : parseApiVersion(gv);
  const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".spec.selector" };
  return { name: n, verbs, kind: { group, version, kind: k }, ...(n === "scale" && { scale }) };
}

/** Columns read the stored version. */
function columnsOfStored(key: string, convert: NonNullable<ResourceVersionDefinition["convert"]>): readonly ColumnDefinition[] {
  return columnsOf(key).map((column) => ({ ...column, cell: (object, nowMs) => column.cell(convert.toStorage(object), nowMs) }));
}
