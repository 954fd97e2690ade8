import { createDeferred, type Clock } from "@coracle/base";
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from "@coracle/api";
import { matchesNodeSelector, resources } from "@coracle/api";
import type { Client } from "@coracle/client";
import { refuse, type NodeInfo, type Plugin, type PodInfo } from "../framework/plugin.ts";

export const selectedNodeAnnotation = "volume.kubernetes.io/selected-node";

interface VolumeState {
  /** Claims that wait for their first consumer. */
  readonly unbound: readonly PersistentVolumeClaim[];
  readonly bound: readonly PersistentVolume[];
  readonly hasMissingVolume: boolean;
}

export interface VolumeBindingOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** How long claims may take to be bound. Defaults to 10 minutes. */
  readonly bindTimeoutMs?: number;
}

/**
 * Claims must exist and be bound, or wait for their first consumer: those get the chosen node as an annotation before the pod is bound,
 * and the pod waits until a provisioner has bound them.
 */
export function createVolumeBinding(options: VolumeBindingOptions): Plugin {
  const { client } = options;
  const claims = client.informer(resources.persistentVolumeClaims);
  const volumes = client.informer(resources.persistentVolumes);
  const classes = client.informer(resources.storageClasses);
  return {
    name: "VolumeBinding",
    preFilter(pod) {
      const unbound: PersistentVolumeClaim[] = [];
      const bound: PersistentVolume[] = [];
      let hasMissingVolume = false;
      for (const name of claimNames(pod.pod)) {
        const claim = claims.get(`${pod.pod.metadata.namespace}/${name}`);
        if (claim === undefined) return { refusal: refuse(`persistentvolumeclaim "${name}" not found`) };
        if (claim.metadata.deletionTimestamp !== undefined) return { refusal: refuse(`persistentvolumeclaim "${name}" is being deleted`) };
        if (claim.status?.phase === "Lost")
          return {
            refusal: refuse(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ""}"`),
          };
        if ((claim.spec?.volumeName ?? "") === "" || claim.status?.phase !== "Bound") {
          if (!waitsForConsumer(claim, classes.get(claim.spec?.storageClassName ?? "")))
            return { refusal: refuse("pod has unbound immediate PersistentVolumeClaims") };
          unbound.push(claim);
          continue;
        }
        const volume = volumes.get(claim.spec?.volumeName ?? "");
        if (volume === undefined) hasMissingVolume = true;
        else bound.push(volume);
      }
      return { state: { unbound, bound, hasMissingVolume } satisfies VolumeState };
    },
    filter(_pod, node, state) {
      const { bound, hasMissingVolume } = state as VolumeState;
      if (hasMissingVolume) return refuse("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
      return bound.every((volume) => isReachable(volume, node))
        ? undefined
        : refuse("node(s) didn't match PersistentVolume's node affinity");
    },
    async preBind(pod, node, state, signal) {
      const { unbound } = state as VolumeState;
      await Promise.all(unbound.map((claim) => bindClaim(options, claim, pod, { node, signal })));
    },
  };
}

/** Tells which node the claim is for, and waits until it is bound there. */
async function bindClaim(
  { client, clock, bindTimeoutMs = 600_000 }: VolumeBindingOptions,
  claim: PersistentVolumeClaim,
  pod: PodInfo,
  place: { node: NodeInfo; signal: AbortSignal },
): Promise<void> {
  const { node, signal } = place;
  const claims = client.informer(resources.persistentVolumeClaims);
  const namespace = claim.metadata.namespace ?? "";
  const name = claim.metadata.name ?? "";
  if (claim.metadata.annotations?.[selectedNodeAnnotation] !== node.name) {
    const patch = { metadata: { annotations: { [selectedNodeAnnotation]: node.name } } };
    await client.resource(resources.persistentVolumeClaims, namespace).patch(name, patch, { type: "application/merge-patch+json" });
  }
  const done = createDeferred();
  const fail = (why: string) => (): void => done.reject(new Error(`binding volumes of pod ${pod.key}: ${why}`));
  const timer = clock.setTimeout(fail("timed out waiting for the condition"), bindTimeoutMs);
  const onAbort = fail("the scheduler stops");
  signal.addEventListener("abort", onAbort);
  const check = (current: PersistentVolumeClaim): void => {
    if (current.metadata.name !== name || current.metadata.namespace !== namespace) return;
    if (current.status?.phase === "Bound") done.resolve();
    // A provisioner that gives up takes the node away again.
    else if (current.metadata.annotations?.[selectedNodeAnnotation] === undefined)
      fail(`node ${node.name} was rejected for claim ${name}`)();
  };
  const subscription = claims.subscribe({
    onUpdate: check,
    onDelete: (gone) => gone.metadata.name === name && gone.metadata.namespace === namespace && fail(`claim ${name} was deleted`)(),
  });
  try {
    const current = claims.get(`${namespace}/${name}`);
    if (current?.status?.phase === "Bound") return;
    await done.promise;
  } finally {
    subscription[Symbol.dispose]();
    timer[Symbol.dispose]();
    signal.removeEventListener("abort", onAbort);
  }
}

/** Claims the pod mounts, those of its generic ephemeral volumes included. */
export function claimNames(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral === undefined ? [] : [`${pod.metadata.name}-${volume.name}`];
  });
}

function waitsForConsumer(claim: PersistentVolumeClaim, storageClass: StorageClass | undefined): boolean {
  return (claim.spec?.volumeName ?? "") === "" && storageClass?.volumeBindingMode === "WaitForFirstConsumer";
}

function isReachable(volume: PersistentVolume, node: NodeInfo): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return required === undefined || matchesNodeSelector(required, node.node);
}
