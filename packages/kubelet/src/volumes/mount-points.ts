import { execFile, spawn } from "node:child_process";
import { mkdir, open, lstat, readFile, readlink, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The mount points below a directory, the deepest first. */
export async function mountPointsBelow(directory: string): Promise<string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  const points = table.split("\n").flatMap((line) => unescapePath(line.split(" ")[4] ?? ""));
  return points.filter((point) => point.startsWith(`${directory}/`)).reverse();
}

/** The kernel writes spaces and the like in octal. */
function unescapePath(text: string): string {
  return text.replaceAll(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Ends every mount below a directory, so that the directory can be removed without removing what is mounted. @throws when one stays. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const point of await mountPointsBelow(directory)) {
    await run("umount", [point]).catch(() => run("umount", ["--lazy", point]).catch(() => undefined));
  }
  const [left] = await mountPointsBelow(directory);
  if (left !== undefined) throw new Error(`${left} is still mounted`);
}

/** Mounts memory at a directory, unless it is there already. `sizeBytes` limits it. */
export async function mountMemory(directory: string, sizeBytes: number | undefined): Promise<void> {
  if ((await mountPointsBelow(dirname(directory))).includes(directory)) return;
  const size = sizeBytes === undefined ? [] : ["-o", `size=${sizeBytes}`];
  await run("mount", ["-t", "tmpfs", ...size, "tmpfs", directory]);
}

/**
 * Makes a part of a volume available at `target`, where nothing in the volume can lead anywhere else: containers may put symbolic links
 * into their volumes, and may exchange them at any time. So the part is opened, what was opened is checked, and that is what gets mounted.
 * @throws when the part is not in the volume.
 */
export async function bindSubPath(root: string, subPath: string, target: string): Promise<void> {
  if ((await mountPointsBelow(dirname(target))).includes(target)) return;
  const volume = await realpath(root);
  const path = await ensureInside(volume, subPath);
  const part = await open(path, "r");
  try {
    if (!isInside(volume, await readlink(`/proc/self/fd/${part.fd}`))) throw outside(subPath);
    await mkdir(dirname(target), { recursive: true });
    if ((await part.stat()).isDirectory()) await mkdir(target, { recursive: true });
    else await writeFile(target, "", { flag: "a" });
    await bind(part.fd, target);
  } finally {
    await part.close();
  }
}

/** The real path of a part of a volume; directories that are missing are made. @throws when a link leads out of the volume. */
export async function ensureInside(volume: string, subPath: string): Promise<string> {
  const { mode } = await lstat(volume);
  let current = volume;
  for (const name of subPath.split("/").filter((each) => each !== "" && each !== ".")) {
    const next = join(current, name);
    if ((await lstat(next).catch(() => undefined)) === undefined) await mkdir(next, { mode: mode & 0o7777 });
    current = await realpath(next);
    if (!isInside(volume, current)) throw outside(subPath);
  }
  return current;
}

function isInside(volume: string, path: string): boolean {
  return path === volume || path.startsWith(`${volume}/`);
}

function outside(subPath: string): Error {
  return new Error(`failed to prepare subPath for volumeMount: subPath "${subPath}" is outside of the volume`);
}

/** Mounts what is open here; the path of an open file leads to it, whatever happened to its name. */
function bind(fd: number, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("mount", ["--no-canonicalize", "--bind", "/proc/self/fd/3", target], { stdio: ["ignore", "ignore", "pipe", fd] });
    let words = "";
    child.stderr?.on("data", (chunk: Buffer) => (words += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`cannot mount the subPath: ${words.trim()}`))));
  });
}
