/** What a URL and a method ask for, before anybody looks whether it exists. As kube-apiserver reads them. */
export interface RequestInfo {
  readonly isResourceRequest: boolean;
  /** Percent-decoded, without the query. */
  readonly path: string;
  /** Of resources: get, list, watch, create, update, patch, delete, deletecollection, proxy; else the method in lower case. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What follows the subresource: the path of a proxied request. */
  readonly trailingPath: string;
  readonly query: URLSearchParams;
}

const methodVerbs: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Subresources of a namespace: in `/namespaces/x/status` the last part is no resource. */
const namespaceSubresources = new Set(["status", "finalize"]);

/** Reads method and URL. Returns undefined when the URL cannot be decoded or a legacy prefix has nothing behind it. */
export function parseRequestInfo(method: string, url: string): RequestInfo | undefined {
  const mark = url.indexOf("?");
  const path = decode(mark < 0 ? url : url.slice(0, mark));
  if (path === undefined) return undefined;
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  const other: RequestInfo = {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    trailingPath: "",
    query,
  };
  const parts = path.split("/").filter((part, index, all) => index > 0 && (index < all.length - 1 || part !== ""));
  const [prefix] = parts;
  if (parts.length < 3 || (prefix !== "api" && prefix !== "apis")) return other;
  if (prefix === "apis" && parts.length < 4) return other;
  const group = prefix === "apis" ? (parts[1] as string) : "";
  const versionIndex = prefix === "apis" ? 2 : 1;
  const version = parts[versionIndex] as string;
  return parseResource({ ...other, isResourceRequest: true, group, version }, method, parts.slice(versionIndex + 1));
}

function parseResource(base: RequestInfo, method: string, given: readonly string[]): RequestInfo | undefined {
  let parts = given;
  let verb = methodVerbs[method] ?? "";
  // `/api/v1/watch/…` and `/api/v1/proxy/…` are the retired form of watches and proxies.
  const isLegacy = parts[0] === "watch" || parts[0] === "proxy";
  if (isLegacy) {
    if (parts.length < 2) return undefined;
    verb = parts[0] as string;
    parts = parts.slice(1);
  }
  let namespace = "";
  if (parts[0] === "namespaces" && parts.length > 1) {
    namespace = parts[1] as string;
    if (parts.length > 2 && !namespaceSubresources.has(parts[2] as string)) parts = parts.slice(2);
  }
  const [resource = "", pathName = "", third = ""] = parts;
  let name = pathName;
  const subresource = verb === "proxy" ? "" : third;
  if (name === "" && verb === "get") {
    verb = isTrue(base.query.get("watch")) ? "watch" : "list";
  } else if (name === "" && verb === "delete") {
    verb = "deletecollection";
  }
  // Authorization by name works for lists and watches that ask for one object.
  if (name === "" && (verb === "list" || verb === "watch" || verb === "deletecollection")) {
    name = /^metadata\.name==?([^,!=/%]+)$/.exec(base.query.get("fieldSelector") ?? "")?.[1] ?? "";
  }
  const trailingPath = parts.slice(3).join("/");
  return { ...base, verb, namespace, resource, name, subresource, trailingPath };
}

/** Query parameters that are booleans: present without a value is true, as in Go. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0" && value !== "False" && value !== "FALSE" && value !== "f";
}

function decode(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
