import type { ApiRequest } from "../transport.ts";

const methods: Readonly<Record<ApiRequest["verb"], string>> = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETE",
};

/** The HTTP method of a verb. */
export function methodOf(verb: ApiRequest["verb"]): string {
  return methods[verb];
}

/**
 * The path and query of a request: `/api/v1/namespaces/a/pods/b/status?…`. A watch of one name becomes a field selector, as upstream
 * does since watches of single objects were retired.
 */
export function requestPath(request: ApiRequest): string {
  const { resource, namespace, name, subresource, verb } = request;
  const parts = resource.group === "" ? ["api", resource.version] : ["apis", resource.group, resource.version];
  if (namespace !== undefined && namespace !== "") parts.push("namespaces", namespace);
  parts.push(resource.resource);
  const isOfOneObject = name !== undefined && name !== "" && verb !== "watch";
  if (isOfOneObject) parts.push(name);
  if (subresource !== undefined && subresource !== "") parts.push(subresource);
  const query = new URLSearchParams(request.query);
  if (verb === "watch") {
    query.set("watch", "true");
    if (name !== undefined && name !== "") {
      const others = query.get("fieldSelector");
      query.set("fieldSelector", others === null ? `metadata.name=${name}` : `metadata.name=${name},${others}`);
    }
  }
  const text = query.toString();
  const path = `/${parts.map(encodeURIComponent).join("/")}`;
  return text === "" ? path : `${path}?${text}`;
}
