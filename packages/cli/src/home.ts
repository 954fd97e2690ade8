import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { clusterEntries } from "@coracle/cluster";
import { UserError } from "./user-error.ts";

/**
 * Where the program keeps what it must remember. `<home>/clusters/<name>/cluster.json` says where a cluster's data is and how it was started;
 * `run.json` beside it exists while it runs. `<home>` is `$CORACLE_HOME`, by default `~/.coracle`.
 */
export interface ClusterRecord {
  readonly name: string;
  /** Absolute. Holds the store, certificates, kubeconfig, logs and the node's files. */
  readonly dataDirectory: string;
  readonly isEphemeral: boolean;
  /** The port that the cluster's kubeconfig names; kept across restarts. */
  readonly port?: number;
}

/** Of a running cluster. */
export interface RunRecord {
  readonly pid: number;
  /** Clock ticks since boot at which the process started, so that a reused pid is not mistaken for it. */
  readonly processStart: string;
  readonly url: string;
  readonly startedAt: string;
  readonly runtime: { readonly name: string; readonly reason: string };
  readonly nodes: readonly string[];
  readonly readyAfterMs: number;
}

const namePattern = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;

/** @throws {UserError} unless `name` may name a cluster (it becomes a directory and a kubeconfig context). */
export function checkClusterName(name: string): string {
  if (!namePattern.test(name))
    throw new UserError(`"${name}" is no cluster name`, "use up to 40 lower-case letters, digits and dashes, as in --name my-test");
  return name;
}

export function homeDirectory(): string {
  return resolve(process.env["CORACLE_HOME"] ?? join(homedir(), ".coracle"));
}

export function clusterDirectory(name: string): string {
  return join(homeDirectory(), "clusters", checkClusterName(name));
}

export function listClusterNames(): string[] {
  try {
    return readdirSync(join(homeDirectory(), "clusters")).sort();
  } catch {
    return [];
  }
}

export function readClusterRecord(name: string): ClusterRecord | undefined {
  return readJson<ClusterRecord>(join(clusterDirectory(name), "cluster.json"));
}

export function writeClusterRecord(record: ClusterRecord): void {
  writeJson(clusterDirectory(record.name), "cluster.json", record);
}

/** The record of a running cluster; undefined when its process is gone (a stale record is removed). */
export function readRunRecord(name: string): RunRecord | undefined {
  const file = join(clusterDirectory(name), "run.json");
  const record = readJson<RunRecord>(file);
  if (record === undefined) return undefined;
  if (processStart(record.pid) === record.processStart) return record;
  rmSync(file, { force: true });
  return undefined;
}

export function writeRunRecord(name: string, record: RunRecord): void {
  writeJson(clusterDirectory(name), "run.json", record);
}

export function removeRunRecord(name: string): void {
  rmSync(join(clusterDirectory(name), "run.json"), { force: true });
}

export function kubeconfigPath(record: ClusterRecord): string {
  return join(record.dataDirectory, "kubeconfig");
}

const ownEntries = [...clusterEntries, "kubeconfig", "coracle.log", "coracle.log.1"];

/** Removes everything that a cluster left: its data and its records. What is not ours in a directory of the user's choice stays. */
export function forget(record: ClusterRecord): void {
  for (const entry of ownEntries) rmSync(join(record.dataDirectory, entry), { recursive: true, force: true });
  try {
    rmdirSync(record.dataDirectory);
  } catch {
    // Missing, or holds files of the user.
  }
  for (const entry of ["run.json", "cluster.json", "output.log"]) rmSync(join(clusterDirectory(record.name), entry), { force: true });
  try {
    rmdirSync(clusterDirectory(record.name));
  } catch {
    // As above.
  }
}

/**
 * When the process started, in the system's own unit; undefined when there is none with this pid. Where /proc is missing the answer only
 * says that some process has the pid.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Zombies have ended; field 3 of proc(5) is the state, field 22 the start time.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    if (process.platform === "linux") return undefined;
  }
  try {
    process.kill(pid, 0);
    return "unknown";
  } catch {
    return undefined;
  }
}

function readJson<T>(file: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw permissionError(error, file);
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new UserError(`${file} is damaged`, `delete it, or run: coracle reset`, { cause });
  }
}

function writeJson(directory: string, name: string, value: unknown): void {
  const file = join(directory, name);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Renaming keeps a reader from ever seeing half a file.
    writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw permissionError(error, file);
  }
}

/** Turns EACCES and its kin into a {@link UserError}; passes other errors through. */
export function permissionError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new UserError(`no permission to use ${path}`, "choose another place with --data-dir (or CORACLE_HOME), or change its owner", {
      cause: error,
    });
  }
  if (code === "ENOSPC")
    return new UserError(`no space left on the disk of ${path}`, "free some, or choose another place with --data-dir", { cause: error });
  if (code === "ENOTDIR" || code === "EEXIST")
    return new UserError(`${path} is not a directory`, "choose another place with --data-dir", { cause: error });
  return error;
}
