import { randomNameSuffix, type Random } from "@coracle/base";
import type { Container, PodSpec } from "@coracle/api";

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const volumePrefix = "kube-api-access-";
/** The kubelet renews it after an hour; seven seconds tell this token from one that somebody asked for. */
const expirationSeconds = 3607;

/** Mounts the account's token into every container that has nothing of its own at its place. */
export function mountToken(spec: PodSpec, random: Random): void {
  const existing = spec.volumes?.find(({ name }) => name.startsWith(volumePrefix))?.name;
  const name = existing ?? volumePrefix + randomNameSuffix(random);
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(hasNothingThere);
  for (const container of containers) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: tokenPath }];
  }
  if (containers.length > 0 && existing === undefined) spec.volumes = [...(spec.volumes ?? []), { name, projected: tokenSources() }];
}

function hasNothingThere({ volumeMounts = [] }: Container): boolean {
  return !volumeMounts.some(({ mountPath }) => mountPath === tokenPath);
}

function tokenSources(): NonNullable<NonNullable<PodSpec["volumes"]>[number]["projected"]> {
  return {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
    ],
  };
}
