import { chmod, lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "@coracle/api";

const readWrite = 0o660;
const readOnly = 0o440;
/** What is made in the directory belongs to the group too, and its members may enter. */
const directoryBits = 0o2110;

/**
 * Gives a volume with all that is in it to the pod's `fsGroup`, as kubelets do: owners stay, the group may read, and write where the volume
 * is not read-only. With the policy `OnRootMismatch` nothing is done when the root of the volume looks right already.
 */
export async function applyFsGroup(pod: Pod, root: string, volume: { readonly isReadonly: boolean }): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = pod.spec?.securityContext ?? {};
  if (fsGroup === undefined || process.getuid?.() !== 0) return;
  const mask = volume.isReadonly ? readOnly : readWrite;
  if (fsGroupChangePolicy === "OnRootMismatch") {
    const { gid, mode } = await lstat(root);
    if (gid === fsGroup && (mode & (mask | directoryBits)) === (mask | directoryBits)) return;
  }
  await give(root, fsGroup, mask);
}

/** Entries that disappear meanwhile are nobody's any more. */
async function give(path: string, group: number, mask: number): Promise<void> {
  try {
    const entry = await lstat(path);
    if (entry.gid !== group) await lchown(path, entry.uid, group);
    if (entry.isSymbolicLink()) return;
    const mode = (entry.mode & 0o7777) | mask | (entry.isDirectory() ? directoryBits : 0);
    if (mode !== (entry.mode & 0o7777)) await chmod(path, mode);
    if (!entry.isDirectory()) return;
    for (const name of await readdir(path)) await give(join(path, name), group, mask);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
