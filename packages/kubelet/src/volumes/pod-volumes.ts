import { chmod, mkdir, realpath, rm } from "node:fs/promises";
import { join, normalize } from "node:path";
import type { Clock } from "@coracle/base";
import { parseQuantity, quantityValue } from "@coracle/apimachinery";
import type { Container, Pod, Volume } from "@coracle/api";
import { expandVariables } from "../containers/expansion.ts";
import type { DownwardContext } from "../containers/downward.ts";
import type { Mount } from "../runtime/runtime.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { checkHostPath } from "./host-path.ts";
import { bindSubPath, ensureInside, mountMemory, unmountBelow } from "./mount-points.ts";
import type { ObjectSource } from "./object-source.ts";
import { applyFsGroup } from "./ownership.ts";
import { hasPayload, payloadOf, type PayloadContext } from "./payload.ts";
import type { TokenSource } from "./tokens.ts";
import { VolumeError } from "./volume-error.ts";

export interface PodVolumesOptions {
  readonly podsDirectory: string;
  readonly clock: Clock;
  readonly objects: ObjectSource;
  readonly tokens: TokenSource;
  readonly downward: Omit<DownwardContext, "podIps">;
  /** Whether containers see host files; if not, nothing is written and content is made when it is read. */
  readonly usesHostFiles: boolean;
}

/** The volumes of a node's pods. */
export class PodVolumes {
  readonly #options: PodVolumesOptions;
  /** Host paths of prepared volumes, by pod uid and volume name. */
  readonly #paths = new Map<string, Map<string, string>>();

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  /** Makes every volume that the pod names ready. Idempotent: a further call brings contents up to date. @throws {VolumeError} */
  async prepare(pod: Pod): Promise<void> {
    const uid = pod.metadata.uid ?? "";
    const paths = this.#paths.get(uid) ?? new Map<string, string>();
    const failures: string[] = [];
    for (const volume of pod.spec?.volumes ?? []) {
      try {
        paths.set(volume.name, await this.#setUp(pod, volume));
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        failures.push(`MountVolume.SetUp failed for volume "${volume.name}" : ${text}`);
      }
    }
    this.#paths.set(uid, paths);
    if (failures.length > 0) throw new VolumeError(failures);
  }

  /** What a container of a prepared pod sees. */
  async mounts(pod: Pod, container: Container, environment: ReadonlyMap<string, string>): Promise<Mount[]> {
    const uid = pod.metadata.uid ?? "";
    if (!this.#paths.has(uid)) await this.prepare(pod);
    const mounts: Mount[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const volume = pod.spec?.volumes?.find(({ name }) => name === mount.name);
      const root = this.#paths.get(uid)?.get(mount.name);
      if (volume === undefined || root === undefined) throw new Error(`volume "${mount.name}" is not mounted`);
      const subPath = normalize(mount.subPathExpr === undefined ? (mount.subPath ?? "") : expandVariables(mount.subPathExpr, environment));
      if (subPath.split("/").includes("..") || subPath.startsWith("/")) throw new Error(`subPath "${subPath}" must not leave the volume`);
      const hostPath = subPath === "." ? root : await this.#subPath(pod, container, { volume, root, subPath, index: mounts.length });
      // What comes from the API is only shown: writes would be lost with the next change.
      const isReadonly = mount.readOnly === true || volume.persistentVolumeClaim?.readOnly === true || hasPayload(volume);
      const propagation = mount.mountPropagation as Mount["propagation"];
      mounts.push({
        containerPath: mount.mountPath,
        hostPath,
        isReadonly,
        ...(propagation === undefined ? {} : { propagation }),
        ...(this.#options.usesHostFiles ? {} : { readFile: (path) => this.#read(pod, volume, join(subPath, path)) }),
      });
    }
    return mounts;
  }

  async #subPath(
    pod: Pod,
    container: Container,
    { volume, root, subPath, index }: { volume: Volume; root: string; subPath: string; index: number },
  ): Promise<string> {
    if (!this.#options.usesHostFiles) return join(root, subPath);
    if (process.getuid?.() !== 0) return ensureInside(await realpath(root), subPath);
    const parts = join(this.#directory(pod.metadata.uid ?? ""), "volume-subpaths");
    const target = join(parts, volume.name, container.name, String(index));
    await bindSubPath(root, subPath, target);
    return target;
  }

  #directory(uid: string): string {
    return join(this.#options.podsDirectory, uid);
  }

  /** The pod no longer needs its volumes: what the kubelet made for it goes. Persistent volumes and host paths stay. */
  async release(uid: string): Promise<void> {
    this.#paths.delete(uid);
    this.#options.tokens.forget(uid);
    if (!this.#options.usesHostFiles || uid === "") return;
    await unmountBelow(this.#directory(uid));
    for (const name of ["volumes", "volume-subpaths"]) await rm(join(this.#directory(uid), name), { recursive: true, force: true });
  }

  async #setUp(pod: Pod, volume: Volume): Promise<string> {
    const { usesHostFiles, clock, podsDirectory } = this.#options;
    if (volume.hostPath !== undefined) {
      if (usesHostFiles) await checkHostPath(volume.hostPath.path, volume.hostPath.type ?? "");
      return volume.hostPath.path;
    }
    if (volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined) return this.#claimPath(pod, volume);
    const directory = join(podsDirectory, pod.metadata.uid ?? "", "volumes", pluginName(volume), volume.name);
    if (volume.emptyDir !== undefined) {
      if (usesHostFiles) await this.#makeEmptyDir(pod, directory, volume);
    } else if (hasPayload(volume)) {
      // Without host files only what is missing matters now: no token is asked for that nobody reads.
      const payload = await payloadOf(pod, volume, this.#payloadContext(usesHostFiles));
      if (usesHostFiles) {
        await writeAtomically(directory, payload, stampOf(clock.now()));
        await applyFsGroup(pod, directory, { isReadonly: true });
      }
    } else {
      throw new Error("this kind of volume is not supported");
    }
    return directory;
  }

  async #makeEmptyDir(pod: Pod, directory: string, volume: Volume): Promise<void> {
    if (this.#paths.get(pod.metadata.uid ?? "")?.has(volume.name) === true) return;
    await mkdir(directory, { recursive: true });
    const { medium, sizeLimit } = volume.emptyDir ?? {};
    if (medium === "Memory" && process.getuid?.() === 0) {
      await mountMemory(directory, sizeLimit === undefined ? undefined : quantityValue(parseQuantity(sizeLimit)));
    }
    await chmod(directory, 0o777);
    await applyFsGroup(pod, directory, { isReadonly: false });
  }

  async #claimPath(pod: Pod, volume: Volume): Promise<string> {
    const { objects, usesHostFiles } = this.#options;
    const namespace = pod.metadata.namespace ?? "";
    const name = volume.persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${volume.name}`;
    const claim = await objects.claim(namespace, name);
    if (claim === undefined) throw new Error(`persistentvolumeclaim "${name}" not found`);
    if (claim.status?.phase !== "Bound" || !claim.spec?.volumeName) throw new Error(`PVC ${namespace}/${name} is not bound`);
    const persistent = await objects.volume(claim.spec.volumeName);
    if (persistent === undefined) throw new Error(`persistentvolume "${claim.spec.volumeName}" not found`);
    const { hostPath, local } = persistent.spec ?? {};
    const path = hostPath?.path ?? local?.path;
    if (path === undefined) throw new Error("this kind of persistent volume is not supported");
    if (usesHostFiles) {
      await checkHostPath(path, local === undefined ? (hostPath?.type ?? "") : "Directory");
      // Once for each pod: going through a large volume takes long.
      const isKnown = this.#paths.get(pod.metadata.uid ?? "")?.has(volume.name) === true;
      if (!isKnown) await applyFsGroup(pod, path, { isReadonly: volume.persistentVolumeClaim?.readOnly === true });
    }
    return path;
  }

  async #read(pod: Pod, volume: Volume, path: string): Promise<Uint8Array | undefined> {
    if (!hasPayload(volume)) return undefined;
    const payload = await payloadOf(pod, volume, this.#payloadContext(true));
    return payload.get(normalize(path))?.data;
  }

  #payloadContext(needsTokens: boolean): PayloadContext {
    const { objects, tokens, downward } = this.#options;
    const token: PayloadContext["token"] = (pod, request) => (needsTokens ? tokens.get(pod, request) : Promise.resolve(""));
    return { objects, downward: { ...downward, podIps: [] }, token };
  }
}

function pluginName(volume: Volume): string {
  if (volume.emptyDir !== undefined) return "kubernetes.io~empty-dir";
  if (volume.configMap !== undefined) return "kubernetes.io~configmap";
  if (volume.secret !== undefined) return "kubernetes.io~secret";
  return volume.downwardAPI === undefined ? "kubernetes.io~projected" : "kubernetes.io~downward-api";
}

function stampOf(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[-:]/g, "_").replace("T", "_").slice(0, 19);
}
