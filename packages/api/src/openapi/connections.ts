import type { SubresourceDefinition } from "@coracle/apimachinery";
import { anyType, camel, capital, operation, type OperationContext } from "./operations.ts";
import { optionParameters, pathParameters, withShared } from "./parameters.ts";
import type { Json } from "./schema-writer.ts";

const streams = new Set(["attach", "exec", "portforward"]);
const proxyMethods = ["get", "put", "post", "delete", "options", "head", "patch"];

/**
 * The paths of a subresource that is a connection: streams to a pod, and requests that are passed on. Options are sent as query
 * parameters. Undefined when it is none.
 */
export function connections(context: OperationContext, subresource: SubresourceDefinition, path: string): Record<string, Json> | undefined {
  if (streams.has(subresource.name)) return { [path]: connection(context, subresource, { path, methods: ["get", "post"], suffix: "" }) };
  if (subresource.name !== "proxy") return undefined;
  const below = `${path}/{path}`;
  return {
    [path]: connection(context, subresource, { path, methods: proxyMethods, suffix: "" }),
    [below]: connection(context, subresource, { path: below, methods: proxyMethods, suffix: "WithPath" }),
  };
}

interface ConnectionPath {
  readonly path: string;
  readonly methods: readonly string[];
  readonly suffix: string;
}

function connection(context: OperationContext, { name, kind }: SubresourceDefinition, { path, methods, suffix }: ConnectionPath): Json {
  const { version, definition, served } = context;
  const groupVersion = camel(definition.group || "core", served.version);
  const scoped = `${definition.isNamespaced ? "Namespaced" : ""}${definition.kind}`;
  const operations = methods.map((method) => {
    const id = `connect${groupVersion}${capital(method)}${scoped}${capital(name)}${suffix}`;
    return [method, operation(context, { action: "connect", id, gvk: kind, answer: { type: "string" }, produces: anyType })] as const;
  });
  const inPath = pathParameters(version, path).filter((parameter) => parameter["in"] === "path");
  return withShared(Object.fromEntries(operations), [...inPath, ...optionParameters(version, context.schemaOf(kind))]);
}
