import { randomNameSuffix } from "@coracle/base";
import { cloneJson, newForbidden, type UnstructuredObject } from "@coracle/apimachinery";
import { isAbout, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";
import { podSpecOf, type ContainerFields, type PodSpecFields } from "./pod.ts";

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const tokenVolumePrefix = "kube-api-access-";
const mirrorAnnotation = "kubernetes.io/config.mirror";
/** A namespace and its default account come apart by a moment. */
const defaultAccountAttempts = 20;
const defaultAccountPauseMs = 50;

/** Gives pods their service account, its token and its image pull secrets. */
export const serviceAccount: AdmissionPlugin = {
  name: "ServiceAccount",
  handles: (attributes) => isAbout(attributes, "pods", "CREATE"),

  async mutate(attributes, environment) {
    const object = attributes.object as UnstructuredObject;
    const spec = podSpecOf(object);
    if (object.metadata.annotations?.[mirrorAnnotation] !== undefined) return;
    spec.serviceAccountName ||= "default";
    spec.serviceAccount = spec.serviceAccountName;
    const account = await findAccount(attributes, environment, spec.serviceAccountName);
    const accountAutomounts = account["automountServiceAccountToken"] as boolean | undefined;
    if (spec.automountServiceAccountToken ?? accountAutomounts ?? true) mountToken(spec, environment);
    const secrets = account["imagePullSecrets"] as PodSpecFields["imagePullSecrets"];
    if ((spec.imagePullSecrets?.length ?? 0) === 0 && secrets !== undefined) spec.imagePullSecrets = cloneJson(secrets);
  },
};

async function findAccount(
  attributes: AdmissionAttributes,
  environment: AdmissionEnvironment,
  name: string,
): Promise<Readonly<UnstructuredObject>> {
  const { namespace, definition } = attributes;
  for (let attempt = 1; ; attempt++) {
    const account = await environment.getFresh("serviceaccounts", namespace, name);
    if (account !== undefined) return account;
    if (name !== "default" || attempt >= defaultAccountAttempts) break;
    await environment.clock.sleep(defaultAccountPauseMs, attributes.context.signal);
  }
  const cause = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
  throw newForbidden(definition, attributes.name, cause);
}

/** Mounts the token into every container that has nothing of its own there. */
function mountToken(spec: PodSpecFields, environment: AdmissionEnvironment): void {
  const existing = spec.volumes?.find(({ name }) => name.startsWith(tokenVolumePrefix))?.name;
  const name = existing ?? tokenVolumePrefix + randomNameSuffix(environment.random);
  let isUsed = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) isUsed = mountInto(container, name) || isUsed;
  if (isUsed && existing === undefined) spec.volumes = [...(spec.volumes ?? []), { name, projected: tokenSources() }];
}

function mountInto(container: ContainerFields, name: string): boolean {
  if (container.volumeMounts?.some(({ mountPath }) => mountPath === tokenPath)) return false;
  container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: tokenPath }];
  return true;
}

function tokenSources(): Record<string, unknown> {
  return {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
    ],
  };
}
