import type { GroupVersionKind, Schema } from "@coracle/apimachinery";
import { apiGroup, apiGroupList, apiResourceList, apiVersions, versionInfo } from "./discovery-components.ts";
import { camel, capital, exchange, objectTypes } from "./operations.ts";
import type { Json, SchemaWriter } from "./schema-writer.ts";

const kindsKey = "x-kubernetes-group-version-kind";

interface Question {
  readonly path: string;
  readonly tag: string;
  readonly id: string;
  readonly answer: Schema;
  /** Of the answer, when it is an object of the API. */
  readonly kind?: string;
}

/** Where one version of a group says which resources it has. */
export function resourceListPath(writer: SchemaWriter, { group, version }: Omit<GroupVersionKind, "kind">): Record<string, Json> {
  const path = group === "" ? `/api/${version}/` : `/apis/${group}/${version}/`;
  const name = group || "core";
  const id = `get${camel(name, version)}APIResources`;
  return pathOf(writer, { path, tag: camel(name, version, "_"), id, answer: apiResourceList, kind: "APIResourceList" });
}

/** Where a server says what it is and which groups and versions it has, by the key of the document: `api`, `apis/apps`, `version`; all, or `only` one. */
export function discoveryPaths(writer: SchemaWriter, groups: readonly string[], only?: string): Record<string, Record<string, Json>> {
  const questions = [
    { path: "/api/", tag: "core", id: "getCoreAPIVersions", answer: apiVersions, kind: "APIVersions" },
    { path: "/apis/", tag: "apis", id: "getAPIVersions", answer: apiGroupList, kind: "APIGroupList" },
    { path: "/version/", tag: "version", id: "getCodeVersion", answer: versionInfo },
    ...groups.filter((group) => group !== "").map(groupQuestion),
  ];
  const wanted = questions.filter(({ path }) => only === undefined || path === `/${only}/`);
  return Object.fromEntries(wanted.map((question) => [question.path.slice(1, -1), pathOf(writer, question)]));
}

function groupQuestion(group: string): Question {
  const name = camel(group, "");
  const tag = name.charAt(0).toLowerCase() + name.slice(1);
  return { path: `/apis/${group}/`, tag, id: `get${capital(name)}APIGroup`, answer: apiGroup, kind: "APIGroup" };
}

function pathOf(writer: SchemaWriter, { path, tag, id, answer, kind }: Question): Record<string, Json> {
  const component = writer.component(answer);
  if (kind !== undefined) component[kindsKey] = [{ group: "", kind, version: "v1" }];
  if (answer === apiGroupList) writer.component(apiGroup)[kindsKey] = [{ group: "", kind: "APIGroup", version: "v1" }];
  const types = kind === undefined ? ["application/json"] : objectTypes;
  const request = { tag, id, consumes: types, produces: types, answer: writer.refTo(answer.refName as string) };
  return { [path]: { get: exchange(writer.version, request) } };
}
