import { hasReason } from "@coracle/apimachinery";
import type { Registry } from "../registry/contract.ts";
import { createInternalContext } from "./internal-context.ts";
import type { ServiceAccountLookup } from "./service-account-tokens.ts";

/** Looks for the objects of tokens in the registry; reads come from its cache. */
export function createRegistryLookup(registry: Registry): ServiceAccountLookup {
  const context = createInternalContext();
  const uidOf = async (resource: string, namespace: string, name: string): Promise<string | undefined> => {
    const address = { group: "", version: "v1", resource, namespace, name, subresource: "" };
    try {
      const { object } = await registry.get(context, address, { resourceVersion: "0" });
      return object.metadata.uid;
    } catch (error) {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    }
  };
  return {
    serviceAccount: (namespace, name) => uidOf("serviceaccounts", namespace, name),
    pod: (namespace, name) => uidOf("pods", namespace, name),
    secret: (namespace, name) => uidOf("secrets", namespace, name),
    node: (name) => uidOf("nodes", "", name),
  };
}
