import { StatusError, type GroupVersionResource, type StatusReason } from "@coracle/apimachinery";

/** The refusals that the fake API server knows; texts as upstream's. */
export function refuse(
  code: number,
  reason: StatusReason,
  message: string,
  details?: { name?: string; group?: string; kind?: string },
): StatusError {
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
}

function qualified(resource: GroupVersionResource): string {
  return resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
}

function detailsOf(resource: GroupVersionResource, name: string): { name: string; group: string; kind: string } {
  return { name, group: resource.group, kind: resource.resource };
}

export function notFound(resource: GroupVersionResource, name: string): StatusError {
  return refuse(404, "NotFound", `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));
}

export function alreadyExists(resource: GroupVersionResource, name: string): StatusError {
  return refuse(409, "AlreadyExists", `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));
}

export function conflict(resource: GroupVersionResource, name: string, why: string): StatusError {
  return refuse(409, "Conflict", `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`, detailsOf(resource, name));
}

export const staleObject = "the object has been modified; please apply your changes to the latest version and try again";
