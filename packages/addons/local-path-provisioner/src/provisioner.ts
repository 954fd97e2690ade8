import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { hasReason } from "@coracle/apimachinery";
import { resources, type PersistentVolume, type PersistentVolumeClaim, type StorageClass } from "@coracle/api";
import { mapped, watchFor, type ControllerContext, type ControllerDefinition } from "@coracle/operator";
import { provisionerName } from "./manifests.ts";

export interface LocalPathProvisionerOptions {
  /** Where volumes are made, a directory each. */
  readonly directory: string;
  /** Whether directories are really made; off where containers are simulated. */
  readonly makesDirectories: boolean;
}

const provisionedBy = "pv.kubernetes.io/provisioned-by";
const storageProvisioner = "volume.kubernetes.io/storage-provisioner";
const selectedNode = "volume.kubernetes.io/selected-node";
const finalizer = "external-provisioner.volume.kubernetes.io/finalizer";

/** Makes a directory of the node into a volume for every claim of its storage class, and removes it when the volume is released. */
export function createLocalPathProvisioner(options: LocalPathProvisionerOptions): (context: ControllerContext) => ControllerDefinition {
  return (context) => {
    const provisioner = new LocalPathProvisioner(options, context);
    return {
      name: provisionerName,
      sources: [
        mapped(resources.persistentVolumeClaims, (claim) => [`claim:${claim.metadata.namespace}/${claim.metadata.name}`]),
        { ...watchFor(resources.persistentVolumes), map: (volume) => [`volume:${volume.metadata.name}`] },
      ],
      reconcile: (key) =>
        key.startsWith("claim:") ? provisioner.provision(key.slice("claim:".length)) : provisioner.reclaim(key.slice("volume:".length)),
    };
  };
}

class LocalPathProvisioner {
  readonly #options: LocalPathProvisionerOptions;
  readonly #context: ControllerContext;

  constructor(options: LocalPathProvisionerOptions, context: ControllerContext) {
    this.#options = options;
    this.#context = context;
  }

  async provision(key: string): Promise<void> {
    const { client, events } = this.#context;
    const claim = client.informer(resources.persistentVolumeClaims).get(key);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined || (claim.spec?.volumeName ?? "") !== "") return;
    const nodeName = claim.metadata.annotations?.[selectedNode];
    if (claim.metadata.annotations?.[storageProvisioner] !== provisionerName || nodeName === undefined) return;
    const name = `pvc-${claim.metadata.uid}`;
    if (client.informer(resources.persistentVolumes).get(name) !== undefined) return;
    events.record(claim, "Normal", "Provisioning", `External provisioner is provisioning volume for claim "${key}"`);
    const path = join(this.#options.directory, `${name}_${claim.metadata.namespace}_${claim.metadata.name}`);
    try {
      // As wide as other provisioners make them: containers run as any user.
      if (this.#options.makesDirectories) await makeOpenDirectory(path);
      const storageClass = await client.resource(resources.storageClasses).get(claim.spec?.storageClassName ?? "");
      await client.resource(resources.persistentVolumes).create(volumeFor(claim, { name, path, nodeName, storageClass }));
      events.record(claim, "Normal", "ProvisioningSucceeded", `Successfully provisioned volume ${name}`);
    } catch (error) {
      if (hasReason(error, "AlreadyExists")) return;
      events.record(
        claim,
        "Warning",
        "ProvisioningFailed",
        `failed to provision volume with StorageClass "${claim.spec?.storageClassName}": ${(error as Error).message}`,
      );
      throw error;
    }
  }

  async reclaim(name: string): Promise<void> {
    const { client, events } = this.#context;
    const volume = client.informer(resources.persistentVolumes).get(name);
    if (volume === undefined || volume.metadata.annotations?.[provisionedBy] !== provisionerName) return;
    const isReleased = volume.status?.phase === "Released" && volume.spec?.persistentVolumeReclaimPolicy === "Delete";
    if (!isReleased) return;
    const path = volume.spec?.hostPath?.path ?? "";
    // Only what this provisioner made: the path is editable by others.
    if (this.#options.makesDirectories && path.startsWith(join(this.#options.directory, "pvc-")))
      await rm(path, { recursive: true, force: true });
    try {
      if (volume.metadata.deletionTimestamp === undefined) await client.resource(resources.persistentVolumes).delete(name);
      const live = await client.resource(resources.persistentVolumes).get(name);
      const finalizers = (live.metadata.finalizers ?? []).filter((entry) => entry !== finalizer);
      if (finalizers.length !== (live.metadata.finalizers ?? []).length)
        await client.resource(resources.persistentVolumes).update({ ...live, metadata: { ...live.metadata, finalizers } });
    } catch (error) {
      if (hasReason(error, "NotFound")) return;
      events.record(volume, "Warning", "VolumeFailedDelete", (error as Error).message);
      throw error;
    }
  }
}

async function makeOpenDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o777 });
  await chmod(path, 0o777);
}

interface VolumeSource {
  readonly name: string;
  readonly path: string;
  readonly nodeName: string;
  readonly storageClass: StorageClass;
}

function volumeFor(claim: PersistentVolumeClaim, { name, path, nodeName, storageClass }: VolumeSource): PersistentVolume {
  const { namespace = "", uid = "", resourceVersion = "" } = claim.metadata;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { [provisionedBy]: provisionerName }, finalizers: [finalizer] },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.["storage"] ?? "0" },
      accessModes: claim.spec?.accessModes ?? [],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
      storageClassName: storageClass.metadata.name ?? "",
      volumeMode: "Filesystem",
      hostPath: { path, type: "DirectoryOrCreate" },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name: claim.metadata.name ?? "", namespace, uid, resourceVersion },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [nodeName] }] }] },
      },
    },
  };
}
