import { resources, type Namespace, type ServiceAccount } from "@coracle/api";
import { isNamespaceTerminating, hasReason } from "@coracle/apimachinery";
import { mapped, watchFor, type ControllerFactory } from "@coracle/operator";

export interface ServiceAccountControllerOptions {
  /** Service accounts that every active namespace has. Defaults to `["default"]`. */
  readonly names?: readonly string[];
}

/** Makes the `default` ServiceAccount in each active namespace, and makes it again when it is deleted. */
export function createServiceAccountController(options: ServiceAccountControllerOptions = {}): ControllerFactory {
  const names = options.names ?? ["default"];
  const isOurs = (event: string, account: ServiceAccount): boolean => event === "delete" && names.includes(account.metadata.name ?? "");
  return ({ client }) => ({
    name: "serviceaccount-controller",
    sources: [
      watchFor(resources.namespaces, (event) => event !== "delete"),
      mapped(resources.serviceAccounts, ({ metadata }) => [metadata.namespace ?? ""], isOurs),
    ],
    async reconcile(key) {
      const namespace = client.informer(resources.namespaces).get(key);
      if (!isActive(namespace)) return;
      for (const name of names) {
        if (client.informer(resources.serviceAccounts).get(`${key}/${name}`) !== undefined) continue;
        const account: ServiceAccount = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: key } };
        await client
          .resource(resources.serviceAccounts, key)
          .create(account)
          .catch((error: unknown) => {
            if (!hasReason(error, "AlreadyExists") && !isNamespaceTerminating(error)) throw error;
          });
      }
    },
  });
}

function isActive(namespace: Namespace | undefined): boolean {
  return namespace !== undefined && namespace.metadata.deletionTimestamp === undefined && namespace.status?.phase === "Active";
}
