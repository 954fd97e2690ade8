import {
  compareVersions,
  jsonPath,
  type ResourceDefinition,
  type ResourceVersionDefinition,
  type SubresourceDefinition,
  type UnstructuredObject,
  type Verb,
} from "@coracle/apimachinery";
import { columnsOf } from "./custom-columns.ts";
import { customResourceStrategy } from "./custom-strategy.ts";
import { patternsOf } from "./patterns-of.ts";
import { schemaOfVersion, type SchemaOptions } from "./schema-of.ts";
import type { CustomResourceDefinition, CustomResourceVersion } from "./types.ts";
import { versionValidator } from "./version-validator.ts";

export interface DefinitionOptions extends SchemaOptions {
  /** How a webhook converts the definition's objects; undefined where none does. */
  readonly converterOf?: (crd: Readonly<CustomResourceDefinition>) => ResourceDefinition["convertRemotely"];
}

const verbs: readonly Verb[] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

/**
 * What the API server serves for a CustomResourceDefinition, under the names it has been given. Nothing can be created any more once it is
 * being deleted.
 */
export function definitionOf(crd: Readonly<CustomResourceDefinition>, options: DefinitionOptions = {}): ResourceDefinition {
  const { spec } = crd;
  const names = { ...spec.names, ...crd.status?.acceptedNames };
  const isTerminating = crd.metadata.deletionTimestamp !== undefined;
  const versions = spec.versions
    .map((version) => versionOf(crd, version, options))
    .sort((left, right) => compareVersions(left.version, right.version));
  const convertRemotely = options.converterOf?.(crd);
  const storage = versions.find((version) => version.isStorage);
  if (storage === undefined) throw new Error(`${crd.metadata.name ?? ""} has no storage version`);
  return {
    group: spec.group,
    resource: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    isNamespaced: spec.scope === "Namespaced",
    verbs: isTerminating ? verbs.filter((verb) => verb !== "create") : verbs,
    versions,
    storagePath: `${spec.group}/${names.plural}`,
    strategy: customResourceStrategy(hasSubresource(storage, "status")),
    isCustom: true,
    ...(convertRemotely !== undefined && { convertRemotely }),
  };
}

function hasSubresource(version: ResourceVersionDefinition, name: string): boolean {
  return version.subresources.some((subresource) => subresource.name === name);
}

function versionOf(
  crd: Readonly<CustomResourceDefinition>,
  version: CustomResourceVersion,
  options: SchemaOptions,
): ResourceVersionDefinition {
  const { group } = crd.spec;
  const { kind } = crd.spec.names;
  // Without a served version the objects of a definition that goes away could not be reached.
  const isLastResort = version.storage && crd.metadata.deletionTimestamp !== undefined && !crd.spec.versions.some(({ served }) => served);
  const warning = version.deprecationWarning ?? `${group}/${version.name} ${kind} is deprecated`;
  const preservesUnknown = crd.spec.preserveUnknownFields === true;
  const schema = schemaOfVersion(version.schema?.openAPIV3Schema, { ...options, preservesUnknown });
  return {
    version: version.name,
    isServed: version.served || isLastResort,
    isStorage: version.storage,
    schema,
    validate: versionValidator(schema, patternsOf(version.schema?.openAPIV3Schema), version.subresources?.scale),
    columns: columnsOf(version.additionalPrinterColumns),
    subresources: subresourcesOf(crd, version),
    selectableFields: selectableFieldsOf(version),
    ...(version.deprecated === true && { deprecationWarning: warning }),
  };
}

const subresourceVerbs = ["get", "patch", "update"] as const;

function subresourcesOf(crd: Readonly<CustomResourceDefinition>, version: CustomResourceVersion): SubresourceDefinition[] {
  const subresources: SubresourceDefinition[] = [];
  const { status, scale } = version.subresources ?? {};
  if (status !== undefined && status !== null) {
    const kind = { group: crd.spec.group, version: version.name, kind: crd.spec.names.kind };
    subresources.push({ name: "status", verbs: subresourceVerbs, kind });
  }
  if (scale !== undefined && scale !== null) {
    const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
    subresources.push({
      name: "scale",
      verbs: subresourceVerbs,
      kind: { group: "autoscaling", version: "v1", kind: "Scale" },
      scale: { specReplicasPath, statusReplicasPath, ...(labelSelectorPath !== undefined && { labelSelectorPath }) },
    });
  }
  return subresources;
}

function selectableFieldsOf(version: CustomResourceVersion): Record<string, (object: UnstructuredObject) => string> {
  const fields: Record<string, (object: UnstructuredObject) => string> = {};
  for (const { jsonPath: source } of version.selectableFields ?? []) {
    const path = jsonPath(source);
    fields[source.replace(/^\./, "")] = (object) => {
      const value = path.get(object);
      return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";
    };
  }
  return fields;
}
