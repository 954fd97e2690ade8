import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** Upstream's defaults: `containerLogMaxSize` and `containerLogMaxFiles`. */
const maxBytes = 10 * 1024 * 1024;
const maxFiles = 5;

export interface LogRotation {
  readonly path: string;
  readonly nowMs: number;
  /** Has the runtime open the file anew. */
  reopen(): Promise<void>;
}

/**
 * Moves a container's log away when it has grown too large, as kubelets do: the newest of the old ones stays as it is, for readers that
 * follow; older ones are compressed, and the oldest go.
 */
export async function rotateLog({ path, nowMs, reopen }: LogRotation): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size < maxBytes) return;
  const old = await rotatedLogs(path);
  for (const extra of old.slice(0, Math.max(0, old.length - (maxFiles - 2)))) await rm(extra, { force: true });
  for (const plain of old.slice(-(maxFiles - 2)).filter((each) => !each.endsWith(".gz"))) await compress(plain);
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const moved = `${path}.${stamp}`;
  await rename(path, moved);
  try {
    await reopen();
  } catch (error) {
    await rename(moved, path);
    throw error;
  }
}

/** What was moved away before, the oldest first. */
async function rotatedLogs(path: string): Promise<string[]> {
  const names = await readdir(dirname(path));
  return names
    .filter((name) => name.startsWith(`${basename(path)}.`) && !name.endsWith(".tmp"))
    .sort()
    .map((name) => join(dirname(path), name));
}

async function compress(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.tmp`));
  await rename(`${path}.tmp`, `${path}.gz`);
  await rm(path, { force: true });
}
