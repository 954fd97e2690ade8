import type { UnstructuredObject } from "@coracle/apimachinery";
import type { RequestInfo } from "../http/request-info.ts";

const proxyKinds: Readonly<Record<string, string>> = {
  pods: "PodProxyOptions",
  services: "ServiceProxyOptions",
  nodes: "NodeProxyOptions",
};

/** The options of a connection as admission gets them: a PodExecOptions and the like, out of the query. They have no metadata. */
export function connectOptions({ resource, subresource, query, trailingPath }: RequestInfo): UnstructuredObject {
  const streams = { ...flag(query, "stdin"), ...flag(query, "stdout"), ...flag(query, "stderr"), ...flag(query, "tty") };
  const container = query.get("container") ?? "";
  const inContainer = { ...streams, ...(container !== "" && { container }) };
  switch (subresource) {
    case "exec":
      return options("PodExecOptions", { ...inContainer, command: query.getAll("command") });
    case "attach":
      return options("PodAttachOptions", inContainer);
    case "portforward": {
      const ports = query.getAll("ports").flatMap((value) => value.split(",").map(Number));
      return options("PodPortForwardOptions", ports.length === 0 ? {} : { ports });
    }
    default:
      return options(proxyKinds[resource] ?? "NodeProxyOptions", trailingPath === "" ? {} : { path: `/${trailingPath}` });
  }
}

function options(kind: string, fields: Record<string, unknown>): UnstructuredObject {
  return { kind, apiVersion: "v1", ...fields } as unknown as UnstructuredObject;
}

/** Whatever is neither `false` nor `0` is true, as upstream reads queries. */
function flag(query: URLSearchParams, name: string): Record<string, true> {
  const value = query.get(name);
  return value === null || value === "0" || value.toLowerCase() === "false" ? {} : { [name]: true };
}
