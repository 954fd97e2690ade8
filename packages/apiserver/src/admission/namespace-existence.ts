import { hasReason, newForbidden } from "@coracle/apimachinery";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";
import { findNamespace } from "./matching/index.ts";

function isInNamespace({ definition, namespace }: AdmissionAttributes): boolean {
  return definition.isNamespaced && namespace !== "";
}

/** Every write in a namespace needs the namespace, not only creations as for NamespaceLifecycle. Off unless it is asked for. */
export const namespaceExists: AdmissionPlugin = {
  name: "NamespaceExists",
  handles: (attributes) => attributes.operation !== "CONNECT" && isInNamespace(attributes),
  async validate({ namespace }, environment) {
    await findNamespace(namespace, environment);
  },
};

/** Makes the namespaces in which somebody creates something. Off unless it is asked for. */
export function createNamespaceAutoProvision(create: (name: string) => Promise<void>): AdmissionPlugin {
  return {
    name: "NamespaceAutoProvision",
    handles: (attributes) => attributes.operation === "CREATE" && isInNamespace(attributes) && !attributes.context.isDryRun,
    async mutate({ namespace, name, definition }, environment) {
      if (environment.get("namespaces", "", namespace) !== undefined) return;
      try {
        await create(namespace);
      } catch (error) {
        if (!hasReason(error, "AlreadyExists"))
          throw newForbidden(definition, name, error instanceof Error ? error : new Error(String(error)));
      }
    },
  };
}
