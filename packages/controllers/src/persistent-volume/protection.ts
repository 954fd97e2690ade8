import { hasReason, type KubeObject, type ResourceType } from "@coracle/apimachinery";
import { resources, type Pod } from "@coracle/api";
import { mapped, watchFor, type ControllerContext, type ControllerDefinition } from "@coracle/operator";
import { isFinished } from "../pod-control/pod-status.ts";

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";

/** Keeps a claim that is being deleted until no pod uses it. */
export function createClaimProtectionController(context: ControllerContext): ControllerDefinition {
  const { client } = context;
  const claims = client.informer(resources.persistentVolumeClaims);
  const pods = client.informer(resources.pods);
  pods.addIndex("claim", claimKeysOf);
  return {
    name: "persistentvolumeclaim-protection-controller",
    sources: [
      watchFor(resources.persistentVolumeClaims),
      mapped(resources.pods, claimKeysOf, (event, pod) => event === "delete" || isFinished(pod)),
    ],
    async reconcile(key) {
      const claim = claims.get(key);
      if (claim?.metadata.deletionTimestamp === undefined || claim.metadata.finalizers?.includes(claimFinalizer) !== true) return;
      const isUsed = pods.byIndex("claim", key).some((pod) => !isFinished(pod) && (pod.spec?.nodeName ?? "") !== "");
      if (!isUsed) await removeFinalizer(context, resources.persistentVolumeClaims, claim, claimFinalizer);
    },
  };
}

/** Keeps a volume that is being deleted until its claim lets it go. */
export function createVolumeProtectionController(context: ControllerContext): ControllerDefinition {
  const volumes = context.client.informer(resources.persistentVolumes);
  return {
    name: "persistentvolume-protection-controller",
    sources: [watchFor(resources.persistentVolumes)],
    async reconcile(name) {
      const volume = volumes.get(name);
      if (volume?.metadata.deletionTimestamp === undefined || volume.metadata.finalizers?.includes(volumeFinalizer) !== true) return;
      if (volume.status?.phase !== "Bound") await removeFinalizer(context, resources.persistentVolumes, volume, volumeFinalizer);
    },
  };
}

function claimKeysOf(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [`${pod.metadata.namespace}/${volume.persistentVolumeClaim.claimName}`];
    return volume.ephemeral === undefined ? [] : [`${pod.metadata.namespace}/${pod.metadata.name}-${volume.name}`];
  });
}

async function removeFinalizer<T extends KubeObject>(
  { client }: ControllerContext,
  resource: ResourceType<T>,
  object: T,
  finalizer: string,
): Promise<void> {
  const finalizers = (object.metadata.finalizers ?? []).filter((entry) => entry !== finalizer);
  try {
    await client.resource(resource, object.metadata.namespace).update({ ...object, metadata: { ...object.metadata, finalizers } });
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
  }
}
