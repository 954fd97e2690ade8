import { newForbidden, type StatusError } from "@coracle/apimachinery";
import { resourceWithSubresource, type Attributes } from "./attributes.ts";

/** 403 as upstream words it: `pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "default"`. */
export function forbidden(attributes: Attributes, reason: string): StatusError {
  const message = deniedMessage(attributes);
  const subject = attributes.isResourceRequest ? { group: attributes.group, resource: attributes.resource } : { group: "", resource: "" };
  return newForbidden(subject, attributes.isResourceRequest ? attributes.name : "", reason === "" ? message : `${message}: ${reason}`);
}

function deniedMessage(attributes: Attributes): string {
  const { user, verb, group, namespace, path } = attributes;
  const who = `User ${JSON.stringify(user.name)}`;
  if (!attributes.isResourceRequest) return `${who} cannot ${verb} path ${JSON.stringify(path)}`;
  const what = `cannot ${verb} resource ${JSON.stringify(resourceWithSubresource(attributes))} in API group ${JSON.stringify(group)}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} ${what} ${where}`;
}
