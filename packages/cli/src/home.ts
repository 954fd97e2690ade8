import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { removeData, type Removal } from "./data-directory.ts";
import { permissionError } from "./permission-error.ts";
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
  // Empty is as good as unset, as for every variable of a shell.
  return resolve(process.env["CORACLE_HOME"] || join(homedir(), ".coracle"));
}

export function clusterDirectory(name: string): string {
  return join(homeDirectory(), "clusters", checkClusterName(name));
}

export function listClusterNames(): string[] {
  try {
    return readdirSync(join(homeDirectory(), "clusters"))
      .filter((name) => namePattern.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** @throws {DamagedRecordError} */
export function readClusterRecord(name: string): ClusterRecord | undefined {
  const file = join(clusterDirectory(name), "cluster.json");
  const damaged = (cause?: unknown): never => {
    throw new DamagedRecordError(file, name, { cause });
  };
  const record = readJson<Partial<ClusterRecord> | null>(file, damaged);
  if (record === undefined) return undefined;
  const isWhole = typeof record?.dataDirectory === "string" && isAbsolute(record.dataDirectory) && typeof record.isEphemeral === "boolean";
  if (!isWhole) return damaged();
  return { ...(record as ClusterRecord), name };
}

/** `cluster.json` is not what the program wrote. */
export class DamagedRecordError extends UserError {
  constructor(file: string, name: string, options?: ErrorOptions) {
    super(`${file} is damaged`, `restore a copy of it, or remove the cluster with: coracle reset --name ${name}`, options);
  }
}

export function writeClusterRecord(record: ClusterRecord): void {
  writeJson(clusterDirectory(record.name), "cluster.json", record);
}

/** The record of a running cluster; undefined when its process is gone (a stale record is removed). */
export function readRunRecord(name: string): RunRecord | undefined {
  const file = join(clusterDirectory(name), "run.json");
  // One that cannot be read says nothing; the lock of the data directory still keeps a second process out.
  const record = readJson<RunRecord>(file, () => undefined);
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

/** Where a cluster keeps its data unless it is told otherwise. */
export function ownDataDirectory(name: string): string {
  return join(clusterDirectory(name), "data");
}

/**
 * Removes everything that a cluster left: its data, unless it cannot be told from a user's files, and its records.
 * @throws {UserError} while a process uses the data.
 */
export async function forget({ name, dataDirectory }: ClusterRecord): Promise<Removal> {
  const removal = await removeData({ path: dataDirectory, cluster: name, isOwn: dataDirectory === ownDataDirectory(name) });
  removeRecords(name);
  return removal;
}

/** Removes what the program remembers of a cluster; its data stays. */
export function removeRecords(name: string): void {
  for (const entry of ["run.json", "cluster.json", "output.log"])
    rmSync(join(clusterDirectory(name), entry), { recursive: true, force: true });
  removeClusterDirectory(name);
}

/** Removes the folder of a cluster of which nothing is left. */
export function removeClusterDirectory(name: string): void {
  try {
    rmdirSync(clusterDirectory(name));
  } catch {
    // Missing, or it holds something.
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

function readJson<T>(file: string, damaged: (cause: unknown) => undefined): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code !== "EISDIR") throw permissionError(error, file);
    text = "";
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    return damaged(cause);
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
