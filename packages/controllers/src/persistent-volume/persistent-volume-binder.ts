import { deepEqual, hasReason } from "@coracle/apimachinery";
import { resources, type PersistentVolume, type PersistentVolumeClaim, type StorageClass } from "@coracle/api";
import type { ResourceClient } from "@coracle/client";
import { mapped, type ControllerContext, type ControllerDefinition } from "@coracle/operator";
import {
  betaStorageProvisionerAnnotation,
  bindCompletedAnnotation,
  boundByControllerAnnotation,
  claimKey,
  classOf,
  findVolume,
  isReservedFor,
  provisionedByAnnotation,
  storageProvisionerAnnotation,
  waitsForConsumer,
} from "./matching.ts";

/** Claims and volumes have keys of their own in one queue, so that each is handled once at a time. */
const claimPrefix = "claim:";
const volumePrefix = "volume:";

/** Binds claims to volumes, asks provisioners for what is missing, and says what becomes of released volumes. */
export function createPersistentVolumeBinder(context: ControllerContext): ControllerDefinition {
  const binder = new PersistentVolumeBinder(context);
  const { client } = context;
  const claims = client.informer(resources.persistentVolumeClaims);
  return {
    name: "persistentvolume-binder-controller",
    sources: [
      mapped(resources.persistentVolumeClaims, (claim) => [
        `${claimPrefix}${claimKey(claim)}`,
        ...(claim.spec?.volumeName === undefined ? [] : [`${volumePrefix}${claim.spec.volumeName}`]),
      ]),
      mapped(resources.persistentVolumes, (volume) => {
        const reference = volume.spec?.claimRef;
        const own = `${volumePrefix}${volume.metadata.name}`;
        if (reference !== undefined) return [own, `${claimPrefix}${reference.namespace}/${reference.name}`];
        // A free volume may be what some claim waits for.
        return [
          own,
          ...claims
            .list()
            .filter((claim) => claim.status?.phase !== "Bound")
            .map((claim) => `${claimPrefix}${claimKey(claim)}`),
        ];
      }),
      mapped(resources.storageClasses, (storageClass) =>
        claims
          .list()
          .filter((claim) => classOf(claim) === storageClass.metadata.name && claim.status?.phase !== "Bound")
          .map((claim) => `${claimPrefix}${claimKey(claim)}`),
      ),
    ],
    reconcile: (key) =>
      key.startsWith(claimPrefix) ? binder.syncClaim(key.slice(claimPrefix.length)) : binder.syncVolume(key.slice(volumePrefix.length)),
  };
}

class PersistentVolumeBinder {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  async syncClaim(key: string): Promise<void> {
    const { client } = this.#context;
    const claim = client.informer(resources.persistentVolumeClaims).get(key);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return;
    const name = claim.spec?.volumeName ?? "";
    if (name === "") return this.#syncUnboundClaim(claim);
    const volume = await this.#volume(name);
    if (volume === undefined) {
      // Bound once and the volume is gone: the data is lost. Named by the user and not there yet: wait.
      if (claim.metadata.annotations?.[bindCompletedAnnotation] === undefined) return this.#writePhase(claim, "Pending");
      this.#context.events.record(claim, "Warning", "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
      return this.#writePhase(claim, "Lost");
    }
    if (volume.spec?.claimRef === undefined || isReservedFor(volume, claim)) return this.#bind(claim, volume);
    if (claim.metadata.annotations?.[bindCompletedAnnotation] === undefined) return this.#writePhase(claim, "Pending");
    this.#context.events.record(
      claim,
      "Warning",
      "ClaimMisbound",
      "Two claims are bound to the same volume, this one is bound incorrectly",
    );
    await this.#writePhase(claim, "Lost");
  }

  async #syncUnboundClaim(claim: PersistentVolumeClaim): Promise<void> {
    const { client, events } = this.#context;
    const className = classOf(claim);
    const storageClass: StorageClass | undefined = className === "" ? undefined : client.informer(resources.storageClasses).get(className);
    const volumes = client.informer(resources.persistentVolumes).list();
    const reserved = volumes.find((volume) => isReservedFor(volume, claim));
    if (reserved === undefined && waitsForConsumer(claim, storageClass)) {
      events.record(claim, "Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
      return this.#writePhase(claim, "Pending");
    }
    const volume = reserved ?? findVolume(claim, volumes);
    if (volume !== undefined) return this.#bind(claim, volume);
    if (storageClass !== undefined && storageClass.provisioner !== "kubernetes.io/no-provisioner")
      await this.#askProvisioner(claim, storageClass);
    else if (className !== "" && storageClass === undefined)
      events.record(claim, "Warning", "ProvisioningFailed", `storageclass.storage.k8s.io "${className}" not found`);
    else events.record(claim, "Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
    await this.#writePhase(claim, "Pending");
  }

  /** External provisioners look for claims that carry their name. */
  async #askProvisioner(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<void> {
    const { provisioner } = storageClass;
    const annotations = {
      ...claim.metadata.annotations,
      [storageProvisionerAnnotation]: provisioner,
      [betaStorageProvisionerAnnotation]: provisioner,
    };
    if (claim.metadata.annotations?.[storageProvisionerAnnotation] !== provisioner)
      await this.#claims(claim).update({ ...claim, metadata: { ...claim.metadata, annotations } });
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    this.#context.events.record(claim, "Normal", "ExternalProvisioning", message);
  }

  /** In upstream's order — volume first, then claim — so that a crash in between is taken up where it stopped. */
  async #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const { client } = this.#context;
    await this.#writeVolumePhase(await this.#reserve(volume, claim), "Bound");
    const annotations: Record<string, string> = { ...claim.metadata.annotations, [bindCompletedAnnotation]: "yes" };
    if ((claim.spec?.volumeName ?? "") === "") annotations[boundByControllerAnnotation] = "yes";
    let bound = claim;
    if (claim.spec?.volumeName !== volume.metadata.name || claim.metadata.annotations?.[bindCompletedAnnotation] === undefined) {
      bound = await this.#claims(claim).update({
        ...claim,
        metadata: { ...claim.metadata, annotations },
        spec: { ...claim.spec, volumeName: volume.metadata.name ?? "" },
      });
    }
    const capacity = volume.spec?.capacity ?? {};
    if (bound.status?.phase === "Bound" && deepEqual(bound.status.capacity, capacity)) return;
    const status = { ...bound.status, phase: "Bound", accessModes: volume.spec?.accessModes ?? [], capacity };
    await client.resource(resources.persistentVolumeClaims, claim.metadata.namespace).updateStatus({ ...bound, status });
  }

  /** The volume with a reference to the claim and its uid. */
  async #reserve(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<PersistentVolume> {
    const reference = volume.spec?.claimRef;
    const { name = "", namespace = "", uid = "", resourceVersion = "" } = claim.metadata;
    if (reference?.uid === uid) return volume;
    // A volume that was reserved for the claim beforehand stays reserved when the claim goes.
    const annotations =
      reference === undefined ? { ...volume.metadata.annotations, [boundByControllerAnnotation]: "yes" } : volume.metadata.annotations;
    const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid, resourceVersion };
    const metadata = { ...volume.metadata, ...(annotations === undefined ? {} : { annotations }) };
    return this.#context.client.resource(resources.persistentVolumes).update({ ...volume, metadata, spec: { ...volume.spec, claimRef } });
  }

  async syncVolume(name: string): Promise<void> {
    const { client, events } = this.#context;
    const volume = client.informer(resources.persistentVolumes).get(name);
    if (volume === undefined) return;
    const reference = volume.spec?.claimRef;
    if (reference === undefined || (reference.uid ?? "") === "") return this.#writeVolumePhase(volume, "Available");
    const key = `${reference.namespace}/${reference.name}`;
    const claim =
      client.informer(resources.persistentVolumeClaims).get(key) ?? (await this.#claim(reference.namespace ?? "", reference.name ?? ""));
    if (claim !== undefined && claim.metadata.uid === reference.uid) {
      if (claim.spec?.volumeName === name && claim.metadata.annotations?.[bindCompletedAnnotation] !== undefined)
        await this.#writeVolumePhase(volume, "Bound");
      return;
    }
    await this.#writeVolumePhase(volume, "Released");
    const policy = volume.spec?.persistentVolumeReclaimPolicy ?? "Retain";
    const isProvisioned = volume.metadata.annotations?.[provisionedByAnnotation] !== undefined;
    if (policy === "Delete" && !isProvisioned) {
      events.record(volume, "Warning", "VolumeFailedDelete", "error getting deleter volume plugin for volume: no volume plugin matched");
      await this.#writeVolumePhase(volume, "Failed");
    }
  }

  async #volume(name: string): Promise<PersistentVolume | undefined> {
    const cached = this.#context.client.informer(resources.persistentVolumes).get(name);
    if (cached !== undefined) return cached;
    try {
      return await this.#context.client.resource(resources.persistentVolumes).get(name);
    } catch (error) {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** Asks the API before a volume is released: the cache may be behind. */
  async #claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined> {
    try {
      return await this.#context.client.resource(resources.persistentVolumeClaims, namespace).get(name);
    } catch (error) {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  #claims(claim: PersistentVolumeClaim): ResourceClient<PersistentVolumeClaim> {
    return this.#context.client.resource(resources.persistentVolumeClaims, claim.metadata.namespace);
  }

  async #writePhase(claim: PersistentVolumeClaim, phase: "Pending" | "Lost"): Promise<void> {
    const latest = this.#context.client.informer(resources.persistentVolumeClaims).get(claimKey(claim)) ?? claim;
    if (latest.status?.phase === phase) return;
    await this.#claims(claim).updateStatus({ ...latest, status: { ...latest.status, phase } });
  }

  async #writeVolumePhase(volume: PersistentVolume, phase: "Available" | "Bound" | "Released" | "Failed"): Promise<void> {
    if (volume.status?.phase === phase) return;
    await this.#context.client.resource(resources.persistentVolumes).updateStatus({ ...volume, status: { ...volume.status, phase } });
  }
}
