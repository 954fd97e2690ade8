import { type ResourceDefinition, type ResourceStrategy, type ResourceVersionDefinition, type Verb } from "@coracle/apimachinery";
import { columnsOf } from "../printing/columns.ts";
import { podRowConditions } from "../printing/pod-status.ts";
import { declarations, retiredKinds, type KindDeclaration, type RetiredKindDeclaration } from "../schema/declarations.ts";
import { schemaOf } from "../schema/schema-of.ts";
import { kindStrategies } from "../strategies/index.ts";
import { eventsConversion } from "../versions/events.ts";
import { autoscalerConversion } from "../versions/horizontal-pod-autoscaler.ts";
import { podSecurityPolicyStrategy } from "../versions/pod-security-policy.ts";
import { columnsOfStored, subresourceOf } from "../versions/retired-version.ts";
import { statusStrategy } from "./object-strategy.ts";
import { withLeniency } from "./retired-leniency.ts";
import { retiredAliases, retiredVersions } from "./retired-versions.ts";
import { applyRuntimeConfig, type RuntimeConfig } from "./runtime-config.ts";
import { selectableFields } from "./selectable-fields.ts";

export interface BuiltInOptions {
  /** By `resource.group` (`customresourcedefinitions.apiextensions.k8s.io`), by `pods` in the core group; they replace the default. */
  readonly strategies?: Readonly<Record<string, ResourceStrategy>>;
  /** Which versions to serve. Defaults to all but alpha ones, retired ones included. */
  readonly runtimeConfig?: RuntimeConfig;
}

/** The declared versions of one kind of one group. */
export interface KindFamily {
  /** In order of preference. */
  readonly current: readonly KindDeclaration[];
  /** Stored as one of the current ones; some go by the name of another group. */
  readonly retired: readonly RetiredKindDeclaration[];
  /** Of all these, the one that is stored. */
  readonly stored: KindDeclaration;
}

/**
 * One definition for each built-in resource: those that are stored, in their storage version, and those that are only answered
 * (verbs `create` alone, no storage path). Versions that upstream has retired follow the current ones. `events.k8s.io` and `extensions`
 * are other names for what other groups store; those of `extensions` come last. ComponentStatus is not served.
 * @throws {RuntimeConfigError} when the configuration names what does not exist.
 */
export function builtInDefinitions(options: BuiltInOptions = {}): readonly ResourceDefinition[] {
  const families = kindFamilies();
  const definitions = families.map((family) => definitionOf(family, options));
  const aliases = families.flatMap((family, index) => retiredAliases(definitions[index] as ResourceDefinition, family));
  return applyRuntimeConfig([...definitions, ...aliases], options.runtimeConfig);
}

function kindFamilies(): KindFamily[] {
  const families = new Map<string, { current: KindDeclaration[]; retired: RetiredKindDeclaration[] }>();
  const familyOf = (kind: string, group: string): { current: KindDeclaration[]; retired: RetiredKindDeclaration[] } => {
    const name = `${kind}.${group}`;
    const family = families.get(name) ?? { current: [], retired: [] };
    families.set(name, family);
    return family;
  };
  for (const kind of declarations().kinds) if (kind.k !== "ComponentStatus") familyOf(kind.k, kind.g).current.push(kind);
  for (const kind of retiredKinds()) familyOf(kind.k, kind.sg ?? kind.g).retired.push(kind);
  return [...families.values()].map(({ current, retired }) => {
    // Upstream stores some kinds in versions that are not served by default; we store those in the version that is. What has only
    // retired versions is declared in full.
    const stored = current.find(({ v, sv }) => v === sv) ?? current[0] ?? (retired.find(({ sg }) => sg === undefined) as KindDeclaration);
    return { current, retired, stored };
  });
}

function definitionOf(family: KindFamily, { strategies = {} }: BuiltInOptions): ResourceDefinition {
  const { current, stored: kind } = family;
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
    versions: [...current.map((each) => versionOf(each, each === kind)), ...retiredVersions(family)],
    storagePath: kind.ep ?? "",
    strategy: withLeniency(key, strategies[key] ?? kindStrategies[key] ?? retiredStrategies[key] ?? (hasStatus ? statusStrategy : {})),
    isCustom: false,
  };
}

/** Of kinds that have retired versions alone. */
const retiredStrategies: Readonly<Record<string, ResourceStrategy>> = { "podsecuritypolicies.policy": podSecurityPolicyStrategy };

/** Versions that differ from what is stored in more than their apiVersion. */
const conversions: Readonly<Record<string, NonNullable<ResourceVersionDefinition["convert"]>>> = {
  "autoscaling/v1.HorizontalPodAutoscaler": autoscalerConversion,
  "events/v1.Event": eventsConversion,
};

/** KEP-4974: deprecated, and here to stay. */
const endpointsWarning = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

function versionOf(kind: KindDeclaration, isStorage: boolean): ResourceVersionDefinition {
  const convert = conversions[kind.t];
  const columns = columnsOf(kind.pc ?? kind.k);
  return {
    version: kind.v,
    isServed: true,
    isStorage,
    schema: schemaOf(kind.t),
    columns: convert === undefined ? columns : columnsOfStored(columns, convert),
    ...(convert !== undefined && { convert }),
    ...(kind.t === "core/v1.Endpoints" && { deprecationWarning: endpointsWarning }),
    ...(kind.t === "core/v1.Pod" && { rowConditions: podRowConditions }),
    subresources: (kind.sub ?? []).map((subresource) => subresourceOf(kind, subresource)),
    selectableFields: selectableFields(kind.t, kind.fs ?? []),
  };
}
