import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { createJsonLogger, systemClock, type LogLevel } from "@coracle/base";
import { parseRuntimeConfig, startCluster, type Cluster, type RuntimeChoice } from "@coracle/cluster";
import { explain } from "./explain.ts";
import {
  checkClusterName,
  clusterDirectory,
  forget,
  kubeconfigPath,
  permissionError,
  processStart,
  readClusterRecord,
  readRunRecord,
  removeRunRecord,
  writeClusterRecord,
  writeRunRecord,
  type ClusterRecord,
} from "./home.ts";
import { createLogFile } from "./log-file.ts";
import { UserError } from "./user-error.ts";

export interface LaunchOptions {
  readonly name: string;
  readonly dataDir?: string;
  readonly isEphemeral: boolean;
  /** Undefined: the cluster's last one, else 6443, else any free one. */
  readonly port?: number;
  readonly nodes: number;
  readonly runtime: RuntimeChoice;
  readonly containerdSocket?: string;
  /** Names of admission plug-ins. */
  readonly enableAdmissionPlugins?: readonly string[];
  readonly disableAdmissionPlugins?: readonly string[];
  /** `api/legacy=false,batch/v1beta1=true`. */
  readonly runtimeConfig?: string;
  readonly logLevel: LogLevel;
}

/** A cluster that this process runs, with the files that other commands find it by. */
export interface LaunchedCluster {
  readonly cluster: Cluster;
  readonly record: ClusterRecord;
  readonly kubeconfigPath: string;
  readonly readyAfterMs: number;
  stop(): Promise<void>;
}

const defaultPort = 6443;

/** Starts a cluster in this process. @throws {UserError} for everything the user can mend. */
export async function launch(options: LaunchOptions): Promise<LaunchedCluster> {
  const name = checkClusterName(options.name);
  const running = readRunRecord(name);
  if (running !== undefined) {
    throw new UserError(
      `cluster "${name}" is already running (process ${running.pid}, ${running.url})`,
      `stop it with: coracle down --name ${name}`,
    );
  }
  const earlier = readClusterRecord(name);
  const record = await chooseRecord(options, earlier);
  makeDirectory(record.dataDirectory);
  const log = openLog(record.dataDirectory);
  let cluster: Cluster;
  try {
    cluster = await startCluster({
      name,
      directory: record.dataDirectory,
      isEphemeral: record.isEphemeral,
      port: record.port ?? 0,
      nodeCount: options.nodes,
      runtime: options.runtime,
      ...(options.containerdSocket === undefined ? {} : { containerdSocket: options.containerdSocket }),
      admissionPlugins: { enabled: options.enableAdmissionPlugins ?? [], disabled: options.disableAdmissionPlugins ?? [] },
      runtimeConfig: parseRuntimeConfig(options.runtimeConfig ?? ""),
      log: createJsonLogger({ write: log.write, now: systemClock.now, level: options.logLevel }),
    });
  } catch (error) {
    log[Symbol.dispose]();
    if (record.isEphemeral) forget(record);
    throw explain(error, { name, port: record.port ?? 0, directory: record.dataDirectory });
  }
  return register({ cluster, record: { ...record, port: cluster.port }, log });
}

async function chooseRecord(options: LaunchOptions, earlier: ClusterRecord | undefined): Promise<ClusterRecord> {
  const { name, isEphemeral } = options;
  const own = clusterDirectory(name);
  if (isEphemeral && earlier !== undefined && !earlier.isEphemeral) {
    throw new UserError(
      `"${name}" is the name of a kept cluster`,
      "choose another --name for the ephemeral one, or remove it with: coracle reset",
    );
  }
  const dataDirectory = resolve(options.dataDir ?? (earlier?.isEphemeral === false ? earlier.dataDirectory : join(own, "data")));
  const port = options.port ?? (isEphemeral ? 0 : (earlier?.port ?? ((await isFree(defaultPort)) ? defaultPort : 0)));
  return { name, dataDirectory, isEphemeral, port };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolvePromise) => {
    const probe = createServer()
      .once("error", () => resolvePromise(false))
      .listen({ port, host: "127.0.0.1" }, () => probe.close(() => resolvePromise(true)));
  });
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Proves that files can be made, which the mode bits alone do not say.
    const probe = join(directory, ".write-test");
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw permissionError(error, directory);
  }
}

function openLog(directory: string): ReturnType<typeof createLogFile> {
  try {
    return createLogFile(join(directory, "coracle.log"));
  } catch (error) {
    throw permissionError(error, directory);
  }
}

interface Registration {
  readonly cluster: Cluster;
  readonly record: ClusterRecord;
  readonly log: Disposable;
}

function register({ cluster, record, log }: Registration): LaunchedCluster {
  const readyAfterMs = Math.round(performance.now());
  const file = kubeconfigPath(record);
  writeFileSync(file, cluster.kubeconfig, { mode: 0o600 });
  chmodSync(file, 0o600);
  writeClusterRecord(record);
  writeRunRecord(record.name, {
    pid: process.pid,
    processStart: processStart(process.pid) ?? "unknown",
    url: cluster.url,
    startedAt: new Date(systemClock.now()).toISOString(),
    runtime: { name: cluster.runtime.name, reason: cluster.runtime.reason },
    nodes: cluster.nodeNames,
    readyAfterMs,
  });
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await cluster.stop();
    removeRunRecord(record.name);
    log[Symbol.dispose]();
    if (record.isEphemeral) forget(record);
  };
  return { cluster, record, kubeconfigPath: file, readyAfterMs, stop: () => (stopping ??= stop()) };
}
