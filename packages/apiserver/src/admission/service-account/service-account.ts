import { cloneJson, newForbidden, quoteText } from "@coracle/apimachinery";
import type { Pod, ServiceAccount } from "@coracle/api";
import { isResource, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "../admission.ts";
import { hasTokenVolume, secretsOf } from "../pod-references.ts";
import { limitsSecrets, unlistedEphemeralSecret, unlistedSecret } from "./secret-references.ts";
import { mountToken } from "./token-volume.ts";

const mirrorAnnotation = "kubernetes.io/config.mirror";
/** A namespace and its default account come apart by a moment. */
const defaultAccountAttempts = 20;
const defaultAccountPauseMs = 50;

/** Gives pods their service account, its token and its image pull secrets, and keeps them to the secrets that it lists where it says so. */
export const serviceAccount: AdmissionPlugin = {
  name: "ServiceAccount",
  handles: ({ definition, operation, subresource }) =>
    isResource(definition, "pods") &&
    (subresource === "" ? operation === "CREATE" : subresource === "ephemeralcontainers" && operation === "UPDATE"),

  async mutate(attributes, environment) {
    if (attributes.operation !== "CREATE") return;
    const pod = attributes.object as unknown as Pod;
    if (isMirror(pod)) return checkMirror(attributes, pod);
    const spec = (pod.spec ??= { containers: [] });
    spec.serviceAccountName ||= "default";
    spec.serviceAccount = spec.serviceAccountName;
    const account = await findAccount(attributes, environment, spec.serviceAccountName);
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, environment.random);
    const { imagePullSecrets = [] } = account;
    if ((spec.imagePullSecrets ?? []).length === 0 && imagePullSecrets.length > 0) spec.imagePullSecrets = cloneJson(imagePullSecrets);
  },

  async validate(attributes, environment) {
    const { object, definition, name, namespace, operation } = attributes;
    const pod = object as unknown as Pod;
    if (operation === "CREATE" && isMirror(pod)) return checkMirror(attributes, pod);
    const accountName = pod.spec?.serviceAccountName ?? "";
    if (accountName === "")
      throw newForbidden(definition, name, `no service account specified for pod ${namespace}/${pod.metadata.name ?? ""}`);
    const account = await findAccount(attributes, environment, accountName);
    if (!limitsSecrets(account)) return;
    const problem = operation === "CREATE" ? unlistedSecret(pod, account) : unlistedEphemeralSecret(pod, account);
    if (problem !== undefined) throw newForbidden(definition, name, problem);
  },
};

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined;
}

/** Mirrors show what a node runs by itself, which knows nothing of the API. */
function checkMirror({ definition, name }: AdmissionAttributes, pod: Pod): void {
  const refuse = (cause: string): never => {
    throw newForbidden(definition, name, `a mirror pod may not ${cause}`);
  };
  if ((pod.spec?.serviceAccountName ?? "") !== "") refuse("reference service accounts");
  if (secretsOf(pod).length > 0) refuse("reference secrets");
  if (hasTokenVolume(pod)) refuse("use ServiceAccountToken volume projections");
}

async function findAccount(
  attributes: AdmissionAttributes,
  environment: AdmissionEnvironment,
  name: string,
): Promise<Readonly<ServiceAccount>> {
  const { namespace, definition } = attributes;
  const known = environment.get("serviceaccounts", namespace, name);
  if (known !== undefined) return known as unknown as ServiceAccount;
  for (let attempt = 1; ; attempt++) {
    const account = await environment.getFresh("serviceaccounts", namespace, name);
    if (account !== undefined) return account as unknown as ServiceAccount;
    if (name !== "default" || attempt >= defaultAccountAttempts) break;
    await environment.clock.sleep(defaultAccountPauseMs, attributes.context.signal);
  }
  const cause = `error looking up service account ${namespace}/${name}: serviceaccount ${quoteText(name)} not found`;
  throw newForbidden(definition, attributes.name, cause);
}
