import type { GroupVersionKind, ResourceDefinition, ResourceVersionDefinition, Schema } from "@coracle/apimachinery";
import { declarations } from "../schema/declarations.ts";
import { schemaOf } from "../schema/schema-of.ts";
import { schemaOfKind } from "../virtual-kinds.ts";
import { watchEvent } from "./discovery-components.ts";
import { discoveryPaths, resourceListPath } from "./discovery.ts";
import { anyObject, textOf } from "./descriptions.ts";
import type { OperationContext } from "./operations.ts";
import { pathsOf } from "./paths.ts";
import { SchemaWriter, type Json } from "./schema-writer.ts";
import { listMeta, patch, status } from "./shared-components.ts";

const info = { title: "Kubernetes", version: "1.36" };
/** The header is all that a document can say of how clients prove who they are. */
const security = { BearerToken: { description: "Bearer Token authentication", type: "apiKey", in: "header", name: "authorization" } };

/** The OpenAPI 3.0 document of one group and version, custom resources included. */
export function openApiV3(resources: readonly ResourceDefinition[], group: string, version: string): object {
  const writer = new SchemaWriter(3);
  const paths = resources
    .filter((definition) => definition.group === group)
    .flatMap((definition) =>
      definition.versions.filter((each) => each.isServed && each.version === version).map((each) => describe(writer, definition, each)),
    );
  return documentV3(writer, Object.assign(resourceListPath(writer, { group, version }), ...paths));
}

/** The OpenAPI 3.0 documents of what is no resource, by their paths: `api`, `apis`, `apis/apps`, `version`. */
export function openApiV3Discovery(groups: readonly string[]): Record<string, object> {
  const keys = Object.keys(discoveryPaths(new SchemaWriter(3), groups));
  return Object.fromEntries(
    keys.map((key) => {
      const writer = new SchemaWriter(3);
      const group = key.startsWith("apis/") ? [key.slice("apis/".length)] : [];
      const paths = discoveryPaths(writer, group, key)[key] ?? {};
      return [key, documentV3(writer, paths)];
    }),
  );
}

function documentV3(writer: SchemaWriter, paths: Readonly<Record<string, Json>>): object {
  addEmbeddedKinds(writer);
  const components = { schemas: sorted(writer.components), securitySchemes: security };
  return { openapi: "3.0.0", info, paths: sorted(paths), components };
}

/** The Swagger 2.0 document of everything. */
export function openApiV2(resources: readonly ResourceDefinition[]): object {
  const writer = new SchemaWriter(2);
  const paths = resources.flatMap((definition) =>
    definition.versions.filter((version) => version.isServed).map((version) => describe(writer, definition, version)),
  );
  const served = resources.flatMap(({ group, versions }) =>
    versions.filter(({ isServed }) => isServed).map(({ version }) => resourceListPath(writer, { group, version })),
  );
  const groups = [...new Set(resources.map(({ group }) => group))];
  const all = Object.assign({}, ...Object.values(discoveryPaths(writer, groups)), ...served, ...paths) as Record<string, Json>;
  const definitions = sorted(writer.components);
  return { swagger: "2.0", info, paths: sorted(all), definitions, securityDefinitions: security, security: [{ BearerToken: [] }] };
}

/** Adds the components of a resource and returns its paths. */
function describe(writer: SchemaWriter, definition: ResourceDefinition, served: ResourceVersionDefinition): Record<string, Json> {
  const { group, kind, listKind } = definition;
  const gvk = { group, version: served.version, kind };
  const name = served.schema.refName ?? componentName(gvk);
  const object = definition.isCustom ? customComponent(writer, served.schema, name) : writer.component(served.schema);
  addKind(object, gvk);
  const list = name.slice(0, name.length - kind.length) + listKind;
  if (definition.verbs.includes("list")) {
    writer.components[list] ??= listComponent(writer, { item: name, kind, isCustom: definition.isCustom });
    addKind(writer.components[list] as Json, { ...gvk, kind: listKind });
  }
  // Reviews are only answered.
  const isStored = definition.verbs.includes("list") || served.subresources.length > 0;
  if (isStored) addCommonKinds(writer, { group, version: served.version });
  const context: OperationContext = {
    version: writer.version,
    definition,
    served,
    schemaOf: schemaOfKind,
    refOf: (wanted) => kindRef(writer, { definition, name }, wanted),
    refs: {
      object: writer.refTo(name),
      list: writer.refTo(list),
      status: isStored ? shared(writer, status, "Status") : {},
      deleteOptions: isStored ? shared(writer, schemaOf("meta/v1.DeleteOptions"), "DeleteOptions") : {},
      patch: isStored ? shared(writer, patch) : {},
    },
  };
  return pathsOf(context);
}

function addCommonKinds(writer: SchemaWriter, { group, version }: Omit<GroupVersionKind, "kind">): void {
  addKind(writer.component(watchEvent), { group, version, kind: "WatchEvent" });
  addKind(writer.component(watchEvent), { group: "", version: "v1", kind: "WatchEvent" });
  addKind(writer.component(schemaOf("meta/v1.DeleteOptions")), { group, version, kind: "DeleteOptions" });
}

function shared(writer: SchemaWriter, schema: Schema, kind?: string): Json {
  const component = writer.component(schema);
  if (kind !== undefined) addKind(component, { group: "", version: "v1", kind });
  return writer.refTo(schema.refName as string);
}

function kindRef(writer: SchemaWriter, own: { definition: ResourceDefinition; name: string }, kind: GroupVersionKind): Json | undefined {
  if (kind.kind === own.definition.kind && kind.group === own.definition.group) return writer.refTo(own.name);
  const schema = schemaOfKind(kind);
  if (schema?.refName === undefined) return undefined;
  addKind(writer.component(schema), kind);
  return writer.refTo(schema.refName);
}

function customComponent(writer: SchemaWriter, schema: Schema, name: string): Json {
  const objectMeta = schemaOf("meta/v1.ObjectMeta");
  writer.component(objectMeta);
  // What allows every field says no more in version 2: kubectl would take the fields that stand here for all that there may be.
  if (writer.version === 2 && schema.preserveUnknownFields === true) return (writer.components[name] = { type: "object" });
  const written = writer.custom(schema);
  const own = written["properties"] as Json | undefined;
  const metadata = writer.builtIn(objectMeta, textOf(anyObject, "metadata"));
  const component = { ...written, type: "object", properties: { ...own, ...typeProperties(), metadata } };
  writer.components[name] = component;
  return component;
}

function listComponent(writer: SchemaWriter, { item, kind, isCustom }: { item: string; kind: string; isCustom: boolean }): Json {
  const anyList = "meta/v1.List";
  const items = { description: textOf(anyList, "items"), type: "array", items: writer.refTo(item) };
  const metadata = writer.builtIn(listMeta, textOf(anyList, "metadata"), isCustom || writer.version === 2 ? undefined : {});
  const properties = { ...typeProperties(), items, metadata };
  return { description: `A list of objects of the kind ${kind}.`, type: "object", properties, required: ["items"] };
}

function typeProperties(): Json {
  const property = (field: string) => ({ description: textOf(anyObject, field), type: "string" });
  return { apiVersion: property("apiVersion"), kind: property("kind") };
}

const kindsKey = "x-kubernetes-group-version-kind";

/** Kinds that are parts of others, such as the claims in a StatefulSet, say what they are wherever they are described. */
function addEmbeddedKinds({ components }: SchemaWriter): void {
  for (const { g: group, v: version, k: kind, t: type } of declarations().kinds) {
    const component = components[schemaOf(type).refName ?? ""];
    if (component !== undefined && component[kindsKey] === undefined) addKind(component, { group, version, kind });
  }
}

/** Upstream's order: by group, then by the bare text of the version. */
function compareKinds(left: GroupVersionKind, right: GroupVersionKind): number {
  const [one, other] = [left, right].map(({ group, version }) => `${group} ${version}`) as [string, string];
  return one < other ? -1 : Number(one > other);
}

/** Says which kind a component is. */
function addKind(component: Json, { group, version, kind }: GroupVersionKind): void {
  const known = (component[kindsKey] ?? []) as GroupVersionKind[];
  if (known.some((each) => each.group === group && each.version === version && each.kind === kind)) return;
  component[kindsKey] = [...known, { group, kind, version }].sort((left, right) => compareKinds(left, right));
}

/** `stable.example.com/v1`, `CronTab` → `com.example.stable.v1.CronTab`. */
function componentName({ group, version, kind }: GroupVersionKind): string {
  return [...group.split(".").toReversed(), version, kind].join(".");
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
}
