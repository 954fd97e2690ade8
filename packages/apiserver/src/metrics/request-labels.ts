import type { HttpExchange } from "../http/exchange.ts";
import type { RequestInfo } from "../http/request-info.ts";

/** Of requests, in the order in which they are written. */
export type RequestLabels = Readonly<Record<"component" | "group" | "resource" | "scope" | "subresource" | "verb" | "version", string>>;

const methodsOfVerbs: Readonly<Record<string, string>> = {
  create: "POST",
  update: "PUT",
  get: "GET",
  list: "LIST",
  watch: "WATCH",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETE",
  proxy: "CONNECT",
};
const connectSubresources = new Set(["log", "exec", "portforward", "attach", "proxy"]);
const knownMethods = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const endpoints = /^\/(?:livez|readyz|healthz|metrics|version|openapi\/v[23])(?=\/|$)/;

/** How kube-apiserver labels a request in its metrics. */
export function requestLabels({ method, headers }: Pick<HttpExchange, "method" | "headers">, info: RequestInfo | undefined): RequestLabels {
  if (info === undefined || !info.isResourceRequest) {
    // Only paths that are looked at often have a name.
    const subresource = endpoints.exec(info?.path ?? "")?.[0] ?? "";
    const component = subresource === "" ? "apiserver" : "";
    return { component, group: "", resource: "", scope: "", subresource, verb: plainVerb(method), version: "" };
  }
  const { group, version, resource, subresource } = info;
  const verb = verbOf(info, method, headers["content-type"] ?? "");
  return { component: "apiserver", group, resource, scope: scopeOf(info), subresource, verb, version };
}

/** `All`, `invalid`, or nothing. */
export function dryRunOf(info: RequestInfo | undefined): string {
  const values = info?.query.getAll("dryRun") ?? [];
  if (values.length === 0) return "";
  return values.every((value) => value === "All") ? "All" : "invalid";
}

function plainVerb(method: string): string {
  if (method === "GET" || method === "HEAD") return "GET";
  return knownMethods.has(method) ? method : "other";
}

function verbOf({ verb, subresource }: RequestInfo, method: string, contentType: string): string {
  if (connectSubresources.has(subresource)) return "CONNECT";
  if (verb === "patch" && contentType.startsWith("application/apply-patch+yaml")) return "APPLY";
  return methodsOfVerbs[verb] ?? plainVerb(method);
}

function scopeOf({ name, verb, namespace }: RequestInfo): string {
  if (name !== "" || verb === "create") return "resource";
  return namespace === "" ? "cluster" : "namespace";
}
