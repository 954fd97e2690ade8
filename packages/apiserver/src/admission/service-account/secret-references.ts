import type { Container, Pod, ServiceAccount } from "@coracle/api";

/** Whether pods may use only the secrets that their service account lists. */
export function limitsSecrets(account: Readonly<ServiceAccount>): boolean {
  const value = account.metadata.annotations?.["kubernetes.io/enforce-mountable-secrets"] ?? "";
  return ["1", "t", "T", "true", "TRUE", "True"].includes(value);
}

/** The first secret that the pod uses and its account does not list, as a sentence; undefined when there is none. */
export function unlistedSecret(pod: Readonly<Pod>, account: Readonly<ServiceAccount>): string | undefined {
  const { initContainers = [], containers = [] } = pod.spec ?? {};
  return (
    unlistedInVolumes(pod, account) ??
    unlistedInContainers("init container", initContainers, account) ??
    unlistedInContainers("container", containers, account) ??
    unlistedForPulling(pod, account)
  );
}

/** As {@link unlistedSecret}, of the ephemeral containers. */
export function unlistedEphemeralSecret(pod: Readonly<Pod>, account: Readonly<ServiceAccount>): string | undefined {
  return unlistedInContainers("ephemeral container", pod.spec?.ephemeralContainers ?? [], account);
}

function isListed(account: Readonly<ServiceAccount>, secret: string): boolean {
  return (account.secrets ?? []).some(({ name }) => name === secret);
}

function unlistedInVolumes({ spec }: Readonly<Pod>, account: Readonly<ServiceAccount>): string | undefined {
  for (const { secret } of spec?.volumes ?? []) {
    const name = secret?.secretName;
    if (name !== undefined && !isListed(account, name)) return `volume with ${refusal(name, account)}`;
  }
  return undefined;
}

function unlistedInContainers(
  noun: string,
  containers: readonly Pick<Container, "name" | "env" | "envFrom">[],
  account: Readonly<ServiceAccount>,
): string | undefined {
  for (const { name, env = [], envFrom = [] } of containers) {
    for (const variable of env) {
      const secret = variable.valueFrom?.secretKeyRef;
      if (secret && !isListed(account, secret.name ?? ""))
        return `${noun} ${name} with envVar ${variable.name} referencing ${refusal(secret.name ?? "", account)}`;
    }
    for (const { secretRef } of envFrom) {
      if (secretRef && !isListed(account, secretRef.name ?? ""))
        return `${noun} ${name} with envFrom referencing ${refusal(secretRef.name ?? "", account)}`;
    }
  }
  return undefined;
}

function refusal(secret: string, { metadata }: Readonly<ServiceAccount>): string {
  return `secret.secretName="${secret}" is not allowed because service account ${metadata.name} does not reference that secret`;
}

function unlistedForPulling({ spec }: Readonly<Pod>, { metadata, imagePullSecrets = [] }: Readonly<ServiceAccount>): string | undefined {
  const listed = new Set(imagePullSecrets.map(({ name }) => name));
  const index = (spec?.imagePullSecrets ?? []).findIndex(({ name }) => !listed.has(name));
  if (index < 0) return undefined;
  const subject = `imagePullSecrets[${index}].name="${spec?.imagePullSecrets?.[index]?.name ?? ""}"`;
  return `${subject} is not allowed because service account ${metadata.name} does not reference that imagePullSecret`;
}
