import { formatApiVersion, type ResourceDefinition, type ResourceVersionDefinition } from "@coracle/apimachinery";

/**
 * What to serve, as kube-apiserver's `--runtime-config` says it: `api/all`, `api/ga`, `api/beta`, `api/alpha`, `api/legacy` (the versions
 * that upstream has retired), `group/version` (`v1` in the core group) or `group/version/resource`, on or off. The more exact key
 * decides; of the first five the later one. Where nothing is said, alpha versions are off, as upstream's always were, but for the one
 * that old manifests use.
 */
export type RuntimeConfig = Readonly<Record<string, boolean>>;

/** A key that means nothing here. */
export class RuntimeConfigError extends Error {
  override readonly name = "RuntimeConfigError";
}

const isAlpha = ({ version }: ResourceVersionDefinition): boolean => /^v\d+alpha\d+$/.test(version);
const sets: Readonly<Record<string, (version: ResourceVersionDefinition) => boolean>> = {
  "api/all": () => true,
  "api/ga": ({ version }) => /^v\d+$/.test(version),
  "api/beta": ({ version }) => /^v\d+beta\d+$/.test(version),
  "api/alpha": isAlpha,
  "api/legacy": ({ version, deprecationWarning }) => deprecationWarning !== undefined && /alpha|beta/.test(version),
};

/** Reads `api/legacy=false,batch/v1beta1=true`; a key without a value is on. @throws {RuntimeConfigError} */
export function parseRuntimeConfig(text: string): RuntimeConfig {
  const pairs = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = "", value = "true"] = pair.split("=", 2);
      if (value !== "true" && value !== "false") throw new RuntimeConfigError(`invalid value of ${key}: ${value}, want true or false`);
      return [key, value === "true"];
    }),
  );
}

const oldAlpha = "rbac.authorization.k8s.io/v1alpha1";

/** The definitions with what is to be served. What goes by another group's name is left out when nothing of it is. */
export function applyRuntimeConfig(definitions: readonly ResourceDefinition[], config: RuntimeConfig = {}): readonly ResourceDefinition[] {
  refuseUnknown(definitions, config);
  const paths = new Set<string>();
  return definitions
    .map((definition) => ({ ...definition, versions: definition.versions.map((version) => configured(definition, version, config)) }))
    .filter(({ storagePath, versions }) => {
      const isFirst = storagePath !== "" && !paths.has(storagePath);
      paths.add(storagePath);
      return isFirst || versions.some(({ isServed }) => isServed);
    });
}

function configured(definition: ResourceDefinition, version: ResourceVersionDefinition, config: RuntimeConfig): ResourceVersionDefinition {
  const apiVersion = formatApiVersion(definition.group, version.version);
  let isServed = version.isServed && (!isAlpha(version) || apiVersion === oldAlpha);
  for (const [key, belongs] of Object.entries(sets)) if (belongs(version)) isServed = config[key] ?? isServed;
  isServed = config[`${apiVersion}/${definition.resource}`] ?? config[apiVersion] ?? isServed;
  // Not a copy: what is computed when it is first read must stay so.
  return isServed === version.isServed ? version : Object.create(version, { isServed: { value: isServed, enumerable: true } });
}

/** @throws {RuntimeConfigError} */
function refuseUnknown(definitions: readonly ResourceDefinition[], config: RuntimeConfig): void {
  const known = new Set(Object.keys(sets));
  for (const { group, resource, versions } of definitions) {
    for (const { version } of versions) known.add(formatApiVersion(group, version)).add(`${formatApiVersion(group, version)}/${resource}`);
  }
  const unknown = Object.keys(config).filter((key) => !known.has(key));
  if (unknown.length > 0) throw new RuntimeConfigError(`unknown api groups ${unknown.join(",")}`);
}
