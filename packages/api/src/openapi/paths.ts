import type { SubresourceDefinition } from "@coracle/apimachinery";
import { camel, capital, operation, type OperationContext } from "./operations.ts";
import { pathParameters } from "./parameters.ts";
import type { Json } from "./schema-writer.ts";

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
    if (Object.keys(operations).length > 0) paths[path] = { ...operations, parameters: pathParameters(context.version, path) };
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
    ...(can("delete") && { delete: make("delete", named("delete"), deleteOptions, status) }),
  });
  for (const subresource of served.subresources) {
    add(`${collection}/{name}/${subresource.name}`, subresourceOperations(context, subresource, named));
  }
  return paths;
}

const methods: Readonly<Record<string, readonly [method: string, action: string, name: string]>> = {
  get: ["get", "get", "read"],
  create: ["post", "post", "create"],
  update: ["put", "put", "replace"],
  patch: ["patch", "patch", "patch"],
  delete: ["delete", "delete", "delete"],
};
const connecting = new Set(["attach", "exec", "portforward", "proxy"]);

function subresourceOperations(
  context: OperationContext,
  { name, verbs, kind }: SubresourceDefinition,
  named: (verb: string, rest?: string) => string,
): Json {
  const schema = context.refOf(kind);
  const isConnected = connecting.has(name);
  const entries = verbs.flatMap((verb) => {
    const [method, action, word] = methods[verb] ?? [];
    if (method === undefined || action === undefined || word === undefined) return [];
    const isRead = action === "get" || action === "delete";
    const body = isConnected || isRead ? undefined : action === "patch" ? context.refs.patch : schema;
    const made = operation(context, {
      action: isConnected ? "connect" : action,
      id: named(isConnected ? `connect${capital(method)}` : word, capital(name)),
      gvk: kind,
      body,
      answer: isConnected || name === "log" ? { type: "string" } : schema,
    });
    return [[method, made] as const];
  });
  return Object.fromEntries(entries);
}
