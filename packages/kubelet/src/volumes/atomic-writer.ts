import { chmod, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import type { Payload } from "./payload.ts";

/**
 * Writes files so that a container sees all of them change at once: they lie in a directory of their own, `..data` links to it, and each
 * visible name links through `..data`. A change writes a new directory and renames the link, as kubelets do.
 */
export async function writeAtomically(directory: string, payload: Payload, stamp: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const current = await readlink(join(directory, "..data")).catch(() => undefined);
  if (current !== undefined && (await isSame(join(directory, current), payload))) return;
  const next = await freeName(directory, `..${stamp}`);
  for (const [path, { data, mode }] of payload) {
    const file = join(directory, next, contained(path));
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, data, { mode });
    // The process's umask must not show in the container.
    await chmod(file, mode);
  }
  await mkdir(join(directory, next), { recursive: true });
  await rm(join(directory, "..data_tmp"), { force: true });
  await symlink(next, join(directory, "..data_tmp"));
  await rename(join(directory, "..data_tmp"), join(directory, "..data"));
  const names = new Set([...payload.keys()].map((path) => contained(path).split("/")[0] as string));
  for (const name of names) {
    const link = join(directory, name);
    if ((await lstat(link).catch(() => undefined)) === undefined) await symlink(join("..data", name), link);
  }
  for (const name of await readdir(directory)) {
    const isOld = name === current || (!name.startsWith("..") && !names.has(name));
    if (isOld) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** @throws when a path would leave the volume. */
function contained(path: string): string {
  const clean = normalize(path);
  if (clean.startsWith("/") || clean.split("/").includes("..")) throw new Error(`invalid path: ${path}`);
  return clean;
}

async function freeName(directory: string, base: string): Promise<string> {
  const names = new Set(await readdir(directory));
  for (let count = 0; ; count++) {
    const name = count === 0 ? base : `${base}.${count}`;
    if (!names.has(name)) return name;
  }
}

async function isSame(directory: string, payload: Payload): Promise<boolean> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  if (files.filter((entry) => entry.isFile()).length !== payload.size) return false;
  for (const [path, { data }] of payload) {
    const present = await readFile(join(directory, contained(path))).catch(() => undefined);
    if (present === undefined || !present.equals(data)) return false;
  }
  return true;
}
