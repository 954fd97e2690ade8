import type { ServiceAccount } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";

const enforcement = "kubernetes.io/enforce-mountable-secrets";

export const serviceAccounts = strategyOf<ServiceAccount>({
  hasStatus: false,
  prepareCreate: keepSecretNames,
  prepareUpdate: keepSecretNames,
  warnings({ metadata }, old) {
    if (metadata.annotations?.[enforcement] === undefined || old?.metadata.annotations?.[enforcement] !== undefined) return [];
    const text = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";
    return [`metadata.annotations[${enforcement}]: ${text}`];
  },
});

/** Of references to Secrets, nothing but the name counts. */
function keepSecretNames(account: ServiceAccount): void {
  if (account.secrets !== undefined) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}
