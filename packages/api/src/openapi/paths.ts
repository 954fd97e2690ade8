import type { SubresourceDefinition } from "@coracle/apimachinery";
import { answersWithDeleted } from "../builtin/deleted-objects.ts";
import { connections } from "./connections.ts";
import { camel, capital, objectTypes, operation, type OperationContext } from "./operations.ts";
import { logParameters, pathParameters, withShared } from "./parameters.ts";
import type { Json, OpenApiVersion } from "./schema-writer.ts";

/** The paths of one resource in one version, with an operation for each verb. */
export function pathsOf(context: OperationContext): Record<string, Json> {
  const { definition, served, refs } = context;
  const { group, kind, isNamespaced, resource, verbs } = definition;
  const gvk = { group, version: served.version, kind };
  const base = group === "" ? `/api/${served.version}` : `/apis/${group}/${served.version}`;
  const collection = `${base}${isNamespaced ? "/namespaces/{namespace}" : ""}/${resource}`;
  const groupVersion = camel(group || "core", served.version);
  const scoped = `${isNamespaced ? "Namespaced" : ""}${kind}`;
  const named = (verb: string, rest = "") => `${verb}${groupVersion}${scoped}${rest}`;
  const make = (action: string, id: string, body?: Json, answer?: Json) => operation(context, { action, id, gvk, body, answer });
  const can = (verb: (typeof verbs)[number]) => verbs.includes(verb);
  const { object, list, status, deleteOptions, patch } = refs;
  const paths: Record<string, Json> = {};
  const add = (path: string, operations: Json) => {
    if (Object.keys(operations).length > 0)
      paths[path] = withShared(operations as Record<string, Json>, sharedParameters(context.version, path));
  };
  if (isNamespaced && can("list")) {
    add(`${base}/${resource}`, { get: make("list", `list${groupVersion}${kind}ForAllNamespaces`, undefined, list) });
  }
  add(collection, {
    ...(can("list") && { get: make("list", named("list"), undefined, list) }),
    ...(can("create") && { post: make("post", named("create"), object, object) }),
    ...(can("deletecollection") && {
      delete: make("deletecollection", `delete${groupVersion}Collection${scoped}`, deleteOptions, status),
    }),
  });
  add(`${collection}/{name}`, {
    ...(can("get") && { get: make("get", named("read"), undefined, object) }),
    ...(can("update") && { put: make("put", named("replace"), object, object) }),
    ...(can("patch") && { patch: make("patch", named("patch"), patch, object) }),
    ...(can("delete") && { delete: make("delete", named("delete"), deleteOptions, answersWithDeleted(definition) ? object : status) }),
  });
  for (const subresource of served.subresources) {
    const path = `${collection}/{name}/${subresource.name}`;
    const connected = connections(context, subresource, path);
    if (connected === undefined) add(path, subresourceOperations(context, subresource, named));
    else Object.assign(paths, connected);
  }
  return paths;
}

/** What all operations of a path take. */
function sharedParameters(version: OpenApiVersion, path: string): Json[] {
  return path.endsWith("/{name}/log") ? [...pathParameters(version, path), ...logParameters(version)] : pathParameters(version, path);
}

const methods: Readonly<Record<string, readonly [method: string, action: string, name: string]>> = {
  get: ["get", "get", "read"],
  create: ["post", "post", "create"],
  update: ["put", "put", "replace"],
  patch: ["patch", "patch", "patch"],
  delete: ["delete", "delete", "delete"],
};

function subresourceOperations(
  context: OperationContext,
  { name, verbs, kind }: SubresourceDefinition,
  named: (verb: string, rest?: string) => string,
): Json {
  const schema = context.refOf(kind);
  const isText = name === "log";
  const entries = verbs.flatMap((verb) => {
    const [method, action, word] = methods[verb] ?? [];
    if (method === undefined || action === undefined || word === undefined) return [];
    const isRead = action === "get" || action === "delete";
    const made = operation(context, {
      action,
      id: named(word, capital(name)),
      gvk: kind,
      body: isRead ? undefined : action === "patch" ? context.refs.patch : schema,
      answer: isText ? { type: "string" } : schema,
      ...(isText && { produces: ["text/plain", ...objectTypes] }),
    });
    return [[method, made] as const];
  });
  return Object.fromEntries(entries);
}
