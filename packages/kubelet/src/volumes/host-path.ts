import { mkdir, stat, writeFile } from "node:fs/promises";
import type { Stats } from "node:fs";

const checks: Record<string, { what: string; is(stats: Stats): boolean }> = {
  Directory: { what: "a directory", is: (stats) => stats.isDirectory() },
  File: { what: "a file", is: (stats) => stats.isFile() },
  Socket: { what: "a socket file", is: (stats) => stats.isSocket() },
  CharDevice: { what: "a character device", is: (stats) => stats.isCharacterDevice() },
  BlockDevice: { what: "a block device", is: (stats) => stats.isBlockDevice() },
};

/** Checks a host path against its type, and makes it where the type says so. */
export async function checkHostPath(path: string, type: string): Promise<void> {
  if (type === "") {
    // As container runtimes do: a path that is missing becomes a directory.
    if ((await stat(path).catch(() => undefined)) === undefined) await mkdir(path, { recursive: true, mode: 0o755 });
    return;
  }
  const present = await stat(path).catch(() => undefined);
  if (present === undefined && type === "DirectoryOrCreate") await mkdir(path, { recursive: true, mode: 0o755 });
  else if (present === undefined && type === "FileOrCreate") await writeFile(path, "", { mode: 0o644, flag: "a" });
  const check = checks[type.replace("OrCreate", "")];
  const stats = await stat(path).catch(() => undefined);
  if (check !== undefined && (stats === undefined || !check.is(stats))) {
    throw new Error(`hostPath type check failed: ${path} is not ${check.what}`);
  }
}
