import type { ResourceDefinition, ResourceVersionDefinition, Schema, UnstructuredObject } from "@coracle/apimachinery";

/** Small definitions for the tests of this package. */

const text: Schema = { type: "string" };
const texts: Schema = { type: "object", additionalProperties: text };
const metadata: Schema = {
  type: "object",
  properties: {
    name: text,
    generateName: text,
    namespace: text,
    uid: text,
    resourceVersion: text,
    generation: { type: "integer", format: "int64" },
    creationTimestamp: { type: "string", format: "date-time" },
    deletionTimestamp: { type: "string", format: "date-time" },
    deletionGracePeriodSeconds: { type: "integer", format: "int64" },
    labels: texts,
    annotations: texts,
    finalizers: { type: "array", items: text, listType: "set" },
    ownerReferences: { type: "array", items: { type: "object", preserveUnknownFields: true }, listType: "map", listMapKeys: ["uid"] },
    managedFields: { type: "array", items: { type: "object", preserveUnknownFields: true } },
  },
};

function objectSchema(properties: Record<string, Schema>): Schema {
  return { type: "object", properties: { apiVersion: text, kind: text, metadata, ...properties } };
}

const widgetSchema = objectSchema({
  spec: {
    type: "object",
    properties: {
      size: { type: "integer", format: "int32", default: 1 },
      color: text,
      nodeName: text,
      parts: {
        type: "array",
        items: { type: "object", properties: { name: text, value: text } },
        listType: "map",
        listMapKeys: ["name"],
        patchStrategy: ["merge"],
        patchMergeKey: "name",
      },
    },
  },
  status: { type: "object", properties: { size: { type: "integer", format: "int32" }, phase: text } },
});

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;

/** A namespaced definition in `example.com` with status and scale; `overrides` replace parts. */
export function toyDefinition(overrides: Partial<ResourceDefinition> = {}): ResourceDefinition {
  const { kind = "Widget", group = "example.com", resource = "widgets" } = overrides;
  return {
    group,
    resource,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    shortNames: [],
    categories: [],
    isNamespaced: true,
    verbs,
    versions: [toyVersion({ group, kind })],
    storagePath: `example.com/${resource}`,
    strategy: {},
    isCustom: false,
    ...overrides,
  };
}

function toyVersion({ group, kind }: { group: string; kind: string }): ResourceVersionDefinition {
  const gvk = { group, version: "v1", kind };
  return {
    version: "v1",
    isServed: true,
    isStorage: true,
    schema: widgetSchema,
    columns: [],
    subresources: [
      { name: "status", verbs: ["get", "patch", "update"], kind: gvk },
      {
        name: "scale",
        verbs: ["get", "patch", "update"],
        kind: { group: "autoscaling", version: "v1", kind: "Scale" },
        scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" },
      },
    ],
    selectableFields: { "spec.color": (object) => String((object["spec"] as Record<string, unknown> | undefined)?.["color"] ?? "") },
  };
}

/** A Widget as a client would send it. */
export function toyWidget(name: string, spec: Record<string, unknown> = {}, labels?: Record<string, string>): UnstructuredObject {
  return {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name, ...(labels !== undefined && { labels }) },
    spec,
  };
}
