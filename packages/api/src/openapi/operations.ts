import type { GroupVersionKind, ResourceDefinition, ResourceVersionDefinition } from "@coracle/apimachinery";
import { queryParameters } from "./parameters.ts";
import type { Json, OpenApiVersion } from "./schema-writer.ts";

/** What is alike in all operations of a resource. */
export interface OperationContext {
  readonly version: OpenApiVersion;
  readonly definition: ResourceDefinition;
  readonly served: ResourceVersionDefinition;
  /** A reference to the component of a kind; undefined when it has none. */
  readonly refOf: (kind: GroupVersionKind) => Json | undefined;
  readonly refs: { readonly object: Json; readonly list: Json; readonly status: Json; readonly deleteOptions: Json; readonly patch: Json };
}

export interface OperationRequest {
  /** `get`, `list`, `post`, `put`, `patch`, `delete`, `deletecollection`, `connect`. */
  readonly action: string;
  readonly id: string;
  readonly gvk: GroupVersionKind;
  readonly body?: Json | undefined;
  readonly answer?: Json | undefined;
}

const json = "application/json";
const readTypes = [json, "application/yaml", "application/vnd.kubernetes.protobuf"];
const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** One operation. Clients find it by kind and look which parameters and media types it takes. */
export function operation({ version, definition, served }: OperationContext, request: OperationRequest): Json {
  const { action, id, gvk, body, answer } = request;
  const consumes = action === "patch" ? patchTypesOf(definition) : ["*/*"];
  const parameters = queryParameters(version, action);
  const common = {
    tags: [camel(definition.group === "" ? "core" : definition.group, served.version, "_")],
    operationId: id,
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": { group: gvk.group, version: gvk.version, kind: gvk.kind },
  };
  const codes = action === "post" ? ["200", "201", "202"] : action === "put" || action === "patch" ? ["200", "201"] : ["200"];
  const names: Readonly<Record<string, string>> = { "200": "OK", "201": "Created", "202": "Accepted" };
  if (version === 2) {
    return {
      ...common,
      ...(body !== undefined && { consumes }),
      produces: readTypes,
      schemes: ["https"],
      parameters: [...(body === undefined ? [] : [{ in: "body", name: "body", required: true, schema: body }]), ...parameters],
      responses: Object.fromEntries(codes.map((code) => [code, { description: names[code], ...(answer && { schema: answer }) }])),
    };
  }
  const content = (types: readonly string[], schema: Json) => Object.fromEntries(types.map((type) => [type, { schema }]));
  return {
    ...common,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: content(consumes, body) } }),
    responses: Object.fromEntries(
      codes.map((code) => [code, { description: names[code], ...(answer && { content: content(readTypes, answer) }) }]),
    ),
  };
}

/** Custom resources cannot be merged strategically. */
function patchTypesOf({ isCustom }: ResourceDefinition): readonly string[] {
  return isCustom ? patchTypes.filter((type) => !type.includes("strategic")) : patchTypes;
}

/** `rbac.authorization.k8s.io`, `v1` → `RbacAuthorizationV1`, or `rbacAuthorization_v1` with a joint. */
export function camel(group: string, version: string, joint = ""): string {
  const words = group.replace(/\.k8s\.io$/, "").split(/[.-]/);
  if (joint !== "") return [words.map((word, index) => (index === 0 ? word : capital(word))).join(""), version].join(joint);
  return [...words, version].map(capital).join("");
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
