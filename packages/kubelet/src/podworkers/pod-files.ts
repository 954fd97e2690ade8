import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectMeta } from "@coracle/apimachinery";
import { podLogDirectory } from "../containers/pod-spec.ts";
import { unmountBelow } from "../volumes/mount-points.ts";
import type { PodContext } from "./pod-context.ts";

type Directories = Pick<PodContext, "podsDirectory" | "logDirectory">;

/** Removes what the kubelet keeps of a pod that is gone: its directory, with everything unmounted first, and its logs. */
export async function removePodFiles({ podsDirectory, logDirectory }: Directories, metadata: ObjectMeta): Promise<void> {
  await removePodDirectory(podsDirectory, metadata.uid ?? "");
  await rm(join(logDirectory, podLogDirectory(metadata)), { recursive: true, force: true });
}

/** Removes the log and the last words of a container instance that is gone. */
export async function removeContainerFiles(
  { podsDirectory, logDirectory }: Directories,
  metadata: ObjectMeta,
  instance: { readonly containerName: string; readonly restartCount: number },
): Promise<void> {
  const { containerName, restartCount } = instance;
  const logs = join(logDirectory, podLogDirectory(metadata), containerName);
  for (const name of await readdir(logs).catch(() => [])) {
    if (name.startsWith(`${restartCount}.log`)) await rm(join(logs, name), { force: true });
  }
  await rm(join(podsDirectory, metadata.uid ?? "", "containers", containerName, String(restartCount)), { force: true });
}

/** Removes the files of pods that went while no kubelet ran here. */
export async function removeForgottenFiles({ podsDirectory, logDirectory }: Directories, isKnown: (uid: string) => boolean): Promise<void> {
  for (const uid of await readdir(podsDirectory).catch(() => [])) if (!isKnown(uid)) await removePodDirectory(podsDirectory, uid);
  for (const name of await readdir(logDirectory).catch(() => [])) {
    const uid = name.split("_")[2];
    if (uid !== undefined && !isKnown(uid)) await rm(join(logDirectory, name), { recursive: true, force: true });
  }
}

async function removePodDirectory(podsDirectory: string, uid: string): Promise<void> {
  if (uid === "") return;
  const directory = join(podsDirectory, uid);
  // Through a mount that is left, the removal would reach somebody's data.
  await unmountBelow(directory);
  await rm(directory, { recursive: true, force: true });
}
