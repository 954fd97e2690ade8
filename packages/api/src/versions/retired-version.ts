import {
  cloneJson,
  formatApiVersion,
  parseApiVersion,
  prune,
  type ColumnDefinition,
  type ResourceVersionDefinition,
  type Schema,
  type SubresourceDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { KindDeclaration, RetiredKindDeclaration, SubresourceDeclaration } from "../schema/declarations.ts";
import { schemaOf } from "../schema/schema-of.ts";
import { deprecationWarning } from "./deprecation-warning.ts";
import { versionForms } from "./forms.ts";
import { podSecurityPolicyColumns } from "./pod-security-policy.ts";

/** What a retired version is converted to and from. */
export interface StoredVersion {
  /** `apps/v1`. */
  readonly apiVersion: string;
  readonly schema: Schema;
  readonly columns: readonly ColumnDefinition[];
}

export interface RetiredVersionOptions {
  /** Asked when somebody uses the version; absent where the version itself is the stored one. */
  readonly stored?: () => StoredVersion;
  /** Whether it is the first of its resource: nothing newer goes by that group's name. */
  readonly isOnly: boolean;
  readonly selectableFields: ResourceVersionDefinition["selectableFields"];
}

/** A version that upstream does not serve any more, by conversion. Its schema and columns are made when somebody uses it. */
export function retiredVersion(kind: KindDeclaration & RetiredKindDeclaration, options: RetiredVersionOptions): ResourceVersionDefinition {
  const { stored, isOnly, selectableFields } = options;
  const form = versionForms[kind.t];
  const convert = stored === undefined ? undefined : conversionOf(kind, stored);
  let columns: readonly ColumnDefinition[] | undefined;
  return {
    version: kind.v,
    isServed: true,
    isStorage: isOnly,
    get schema() {
      return schemaOf(kind.t);
    },
    get columns() {
      return (columns ??=
        stored === undefined || convert === undefined ? podSecurityPolicyColumns : columnsOfStored(stored().columns, convert));
    },
    subresources: (kind.sub ?? []).map((subresource) => subresourceOf(kind, subresource)),
    selectableFields,
    deprecationWarning: deprecationWarning({ group: kind.g, version: kind.v, kind: kind.k }, kind.lc),
    ...(convert !== undefined && { convert }),
    ...(form?.applyDefaults !== undefined && { applyDefaults: form.applyDefaults }),
  };
}

type Conversion = NonNullable<ResourceVersionDefinition["convert"]>;

function conversionOf(kind: KindDeclaration, stored: () => StoredVersion): Conversion {
  const { toStorage, fromStorage } = versionForms[kind.t] ?? {};
  const converted = (object: UnstructuredObject, change: typeof toStorage, schema: Schema): UnstructuredObject => {
    const copy = cloneJson(object) as UnstructuredObject;
    change?.(copy);
    prune(schema, copy);
    return copy;
  };
  const apiVersion = formatApiVersion(kind.g, kind.v);
  return {
    toStorage: (object) => ({ ...converted(object, toStorage, stored().schema), apiVersion: stored().apiVersion }),
    fromStorage: (object) => ({ ...converted(object, fromStorage, schemaOf(kind.t)), apiVersion }),
  };
}

/** Columns read the stored version. */
export function columnsOfStored(columns: readonly ColumnDefinition[], convert: Conversion): readonly ColumnDefinition[] {
  return columns.map((column) => ({ ...column, cell: (object, nowMs) => column.cell(convert.toStorage(object), nowMs) }));
}

/** A subresource of a kind, in the version of its owner where it names none. */
export function subresourceOf(owner: KindDeclaration, { n, verbs, k, gv, lc }: SubresourceDeclaration): SubresourceDefinition {
  const { group, version } = gv === undefined ? { group: owner.g, version: owner.v } : parseApiVersion(gv);
  const kind = { group, version, kind: k };
  const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".spec.selector" };
  return {
    name: n,
    verbs,
    kind,
    ...(n === "scale" && { scale }),
    ...(lc !== undefined && { deprecationWarning: deprecationWarning(kind, lc) }),
  };
}
