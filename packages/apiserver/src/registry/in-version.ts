import { parseApiVersion, type InVersion } from "@coracle/apimachinery";
import { fromStorage, toStorage, type StoredForm } from "../cacher/index.ts";
import type { ServedResource } from "./contract.ts";

/**
 * Converts objects of a resource between all versions that are served of it, those under another group's name included. Undefined where
 * only a webhook knows how.
 */
export function conversionsOf(
  { definition }: ServedResource,
  form: StoredForm,
  lookup: (group: string, version: string, resource: string) => ServedResource | undefined,
): InVersion | undefined {
  if (definition.convertRemotely !== undefined) return undefined;
  const find = (apiVersion: string): ServedResource | undefined => {
    const { group, version } = parseApiVersion(apiVersion);
    const found = lookup(group, version, definition.resource);
    return found?.definition.storagePath === definition.storagePath ? found : undefined;
  };
  return (object, apiVersion) => {
    const to = find(apiVersion);
    const from = find(object.apiVersion);
    if (to === undefined || from === undefined) return undefined;
    const { schema } = to.version;
    if (to.version === from.version) return { schema, object };
    return { schema, object: fromStorage(to.definition, to.version, toStorage(form, from.version, { ...object })) };
  };
}
