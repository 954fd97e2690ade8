import { StatusError } from "@coracle/apimachinery";

/** Whether a create was refused because the namespace is being deleted: trying again is pointless. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  return error.status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false;
}
