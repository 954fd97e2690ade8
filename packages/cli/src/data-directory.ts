import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DisposableStack } from "@coracle/base";
import { clusterEntries, lockDirectory, StoreLockedError, unmountBelow } from "@coracle/cluster";
import { markName, readMark, removeEmptyDirectories, writeMark } from "./data-mark.ts";
import { permissionError } from "./permission-error.ts";
import { UserError } from "./user-error.ts";

export interface DataDirectoryOptions {
  /** Absolute. */
  readonly path: string;
  readonly cluster: string;
  readonly isEphemeral: boolean;
  /** It is Coracle's even without a mark. */
  readonly isOwn: boolean;
}

/** A data directory that this process holds. */
export interface DataDirectory {
  /** Nothing was stored in it before. */
  readonly isNew: boolean;
  release(): void;
  /** Deletes all that Coracle made, and releases. */
  remove(): Promise<void>;
}

const ownEntries = [...clusterEntries, "kubeconfig", "coracle.log", "coracle.log.1"];
/** The root of a file system has it. */
const ignoredEntries = new Set(["lost+found"]);

/**
 * Takes a directory for a cluster: makes it when it is missing, marks it and locks it.
 * @throws {UserError} when it holds what is not Coracle's, or a kept cluster where an ephemeral one is to be. {@link StoreLockedError}
 */
export async function claimDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const { path, cluster, isEphemeral } = options;
  try {
    const isNew = ensureMark(options, mkdirSync(path, { recursive: true, mode: 0o700 }));
    const mark = readMark(path);
    if (isEphemeral && mark?.isEphemeral === false) throw keptHere(path, mark.cluster);
    const lock = lockDirectory(path);
    // What an ephemeral cluster left that was killed is of no use to the next one.
    if (!isNew && mark?.isEphemeral === true) await removeEntries(path);
    if (mark?.cluster !== cluster || mark.isEphemeral !== isEphemeral) writeMark(path, { ...mark, cluster, isEphemeral }, "w");
    return { isNew, release: () => lock[Symbol.dispose](), remove: () => removeAll(path, lock) };
  } catch (error) {
    throw permissionError(error, path);
  }
}

/** True when nothing but the new mark is in the directory. */
function ensureMark({ path, cluster, isEphemeral, isOwn }: DataDirectoryOptions, madeFrom: string | undefined): boolean {
  if (existsSync(join(path, markName))) return false;
  const found = readdirSync(path).filter((name) => !ignoredEntries.has(name));
  const [stranger] = found.sort();
  if (stranger !== undefined && !isOwn)
    throw new UserError(`${path} holds files that are not Coracle's (${stranger})`, "choose an empty or a new directory with --data-dir");
  try {
    // The parents of Coracle's own places are for all clusters.
    const made = isOwn && madeFrom !== undefined ? path : madeFrom;
    writeMark(path, { cluster, isEphemeral, ...(made !== undefined && { madeFrom: made }) }, "wx");
    return stranger === undefined;
  } catch (error) {
    // Another process was as fast: the lock tells which of us has it.
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function keptHere(path: string, cluster: string | undefined): UserError {
  const owner = cluster === undefined ? "a kept cluster" : `the kept cluster "${cluster}"`;
  return new UserError(`${path} holds the data of ${owner}`, "choose another directory for the ephemeral one with --data-dir");
}

/** Why data was left where it is: `unmarked`: nothing says that it is Coracle's; `taken`: it is another cluster's by now. */
export type Removal = "removed" | "unmarked" | "taken";

/**
 * Deletes what a cluster stored in a directory, and the directory if Coracle made it.
 * @throws {UserError} while a process uses it.
 */
export async function removeData({ path, cluster, isOwn }: Omit<DataDirectoryOptions, "isEphemeral">): Promise<Removal> {
  if (!existsSync(path)) return "removed";
  try {
    const mark = readMark(path);
    if (mark === undefined && !isOwn) return "unmarked";
    if (mark?.cluster !== undefined && mark.cluster !== cluster) return heldByAnother(path);
    await removeAll(path, lockAll(path));
    if (isOwn) removeEmptyDirectories(path, path);
    return "removed";
  } catch (error) {
    if (error instanceof StoreLockedError) throw inUse(path, error.holderPid);
    throw permissionError(error, path);
  }
}

/** @throws {StoreLockedError} while that one runs. */
function heldByAnother(path: string): Removal {
  lockDirectory(path)[Symbol.dispose]();
  return "taken";
}

/** Clusters that other programs run hold the store alone. */
function lockAll(path: string): Disposable {
  const locks = new DisposableStack();
  try {
    locks.use(lockDirectory(path));
    if (existsSync(join(path, "store", "lock"))) locks.use(lockDirectory(join(path, "store")));
  } catch (error) {
    locks[Symbol.dispose]();
    throw error;
  }
  return locks;
}

function inUse(path: string, holderPid: number | undefined): UserError {
  const holder = holderPid === undefined ? "another process" : `process ${holderPid}`;
  return new UserError(
    `data directory ${path} is in use by ${holder}, nothing was deleted`,
    "stop that one first: coracle status says which it is",
  );
}

async function removeAll(path: string, lock: Disposable): Promise<void> {
  await removeEntries(path);
  const mark = readMark(path);
  rmSync(join(path, markName), { force: true });
  lock[Symbol.dispose]();
  if (mark?.madeFrom !== undefined) removeEmptyDirectories(path, mark.madeFrom);
}

async function removeEntries(path: string): Promise<void> {
  // Volumes may still be mounted after a crash, and what is mounted is not ours to delete.
  await unmountBelow(realpathSync(path));
  for (const entry of ownEntries) rmSync(join(path, entry), { recursive: true, force: true });
}
