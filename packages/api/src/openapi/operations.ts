import type { GroupVersionKind, ResourceDefinition, ResourceVersionDefinition, Schema } from "@coracle/apimachinery";
import { queryParameters } from "./parameters.ts";
import type { Json, OpenApiVersion } from "./schema-writer.ts";

/** What is alike in all operations of a resource. */
export interface OperationContext {
  readonly version: OpenApiVersion;
  readonly definition: ResourceDefinition;
  readonly served: ResourceVersionDefinition;
  /** A reference to the component of a kind; undefined when it has none. */
  readonly refOf: (kind: GroupVersionKind) => Json | undefined;
  /** The schema of a kind whose fields are query parameters (`PodExecOptions`); undefined when there is none. */
  readonly schemaOf: (kind: GroupVersionKind) => Schema | undefined;
  readonly refs: { readonly object: Json; readonly list: Json; readonly status: Json; readonly deleteOptions: Json; readonly patch: Json };
}

export interface OperationRequest {
  /** `get`, `list`, `post`, `put`, `patch`, `delete`, `deletecollection`, `connect`. */
  readonly action: string;
  readonly id: string;
  readonly gvk: GroupVersionKind;
  readonly body?: Json | undefined;
  readonly answer?: Json | undefined;
  /** Media types of the answer. Default to those of objects, or of lists. */
  readonly produces?: readonly string[];
}

const json = "application/json";
const yaml = "application/yaml";
const protobuf = "application/vnd.kubernetes.protobuf";
export const objectTypes: readonly string[] = [json, yaml, protobuf];
export const anyType: readonly string[] = ["*/*"];
const streamTypes = [`${json};stream=watch`, `${protobuf};stream=watch`];
const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** One operation. Clients find it by kind and look which parameters and media types it takes. */
export function operation({ version, definition, served }: OperationContext, request: OperationRequest): Json {
  const { action, id, gvk, body, answer } = request;
  return exchange(version, {
    tag: camel(definition.group === "" ? "core" : definition.group, served.version, "_"),
    id,
    extensions: {
      "x-kubernetes-action": action,
      "x-kubernetes-group-version-kind": { group: gvk.group, version: gvk.version, kind: gvk.kind },
    },
    parameters: queryParameters(version, action),
    consumes: action === "patch" ? patchTypesOf(definition) : anyType,
    produces: request.produces ?? answerTypes(definition, action),
    codes: codesOf(action),
    body,
    isBodyOptional: action === "delete" || action === "deletecollection",
    answer,
  });
}

export interface Exchange {
  readonly tag: string;
  readonly id: string;
  readonly extensions?: Json;
  readonly parameters?: readonly Json[];
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  /** Defaults to 200. */
  readonly codes?: readonly string[];
  readonly body?: Json | undefined;
  readonly isBodyOptional?: boolean;
  readonly answer?: Json | undefined;
}

const codeNames: Readonly<Record<string, string>> = { "200": "OK", "201": "Created", "202": "Accepted" };

/** A request and its answers. */
export function exchange(version: OpenApiVersion, { tag, id, extensions, parameters = [], codes = ["200"], ...rest }: Exchange): Json {
  const { consumes, produces, body, isBodyOptional = false, answer } = rest;
  const required = isBodyOptional ? {} : { required: true };
  const common = { tags: [tag], operationId: id, ...extensions };
  const content = (types: readonly string[], schema: Json) => Object.fromEntries(types.map((type) => [type, { schema }]));
  const answerOf = (schema: Json) => (version === 2 ? { schema } : { content: content(produces, schema) });
  const good = codes.map((code) => [code, { description: codeNames[code], ...(answer !== undefined && answerOf(answer)) }] as const);
  const responses = { ...Object.fromEntries(good), "401": { description: "Unauthorized" } };
  if (version === 2) {
    const bodies = body === undefined ? [] : [{ in: "body", name: "body", ...required, schema: body }];
    const all = [...bodies, ...parameters];
    return { ...common, consumes, produces, schemes: ["https"], ...(all.length > 0 && { parameters: all }), responses };
  }
  return {
    ...common,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { ...required, content: content(consumes, body) } }),
    responses,
  };
}

function codesOf(action: string): readonly string[] {
  if (action === "post") return ["200", "201", "202"];
  if (action === "put" || action === "patch") return ["200", "201"];
  return action === "delete" ? ["200", "202"] : ["200"];
}

/** Custom resources have no protobuf form. */
function answerTypes({ isCustom }: ResourceDefinition, action: string): readonly string[] {
  if (isCustom) return [json, yaml];
  return action === "list" ? [...objectTypes, ...streamTypes] : objectTypes;
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
