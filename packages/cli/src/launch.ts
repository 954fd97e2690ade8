import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { createJsonLogger, systemClock, type LogLevel } from "@coracle/base";
import { parseRuntimeConfig, startCluster, type Cluster, type RuntimeChoice } from "@coracle/cluster";
import { claimDataDirectory, type DataDirectory } from "./data-directory.ts";
import { explain } from "./explain.ts";
import { holdProcess } from "./hold-process.ts";
import {
  checkClusterName,
  forget,
  kubeconfigPath,
  ownDataDirectory,
  processStart,
  readClusterRecord,
  readRunRecord,
  removeClusterDirectory,
  removeRecords,
  removeRunRecord,
  writeClusterRecord,
  writeRunRecord,
  type ClusterRecord,
} from "./home.ts";
import { abortOnEndSignals } from "./interruption.ts";
import { createLogFile } from "./log-file.ts";
import { permissionError } from "./permission-error.ts";
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
  /** In milliseconds. */
  readonly etcdCompactionInterval?: number;
  readonly logLevel: LogLevel;
  /** Ends the start; nothing is left of it then. */
  readonly signal?: AbortSignal;
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

/** Starts a cluster in this process. @throws {UserError} for everything the user can mend, and the reason of `signal`. */
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
  // The clock's timers do not hold the process; an interrupted start still has to clean up.
  using _hold = holdProcess();
  try {
    // An ephemeral cluster that was killed cannot clean up after itself.
    if (earlier?.isEphemeral === true) await forget(earlier);
    const isOwn = record.dataDirectory === ownDataDirectory(name) || earlier?.dataDirectory === record.dataDirectory;
    const data = await claimDataDirectory({ path: record.dataDirectory, cluster: name, isEphemeral: record.isEphemeral, isOwn });
    return await launchIn(data, record, options);
  } catch (error) {
    removeClusterDirectory(name);
    throw explain(error, { name, port: record.port ?? 0, directory: record.dataDirectory });
  }
}

/** As {@link launch}; a signal that asks the process to end while it starts leaves nothing. @throws {InterruptedError} */
export async function launchInterruptibly(options: LaunchOptions): Promise<LaunchedCluster> {
  using interruption = abortOnEndSignals();
  return await launch({ ...options, signal: interruption.signal });
}

async function launchIn(data: DataDirectory, record: ClusterRecord, options: LaunchOptions): Promise<LaunchedCluster> {
  let log: ReturnType<typeof createLogFile> | undefined;
  let cluster: Cluster | undefined;
  try {
    log = openLog(record.dataDirectory);
    cluster = await start(record, options, log.write);
    return register({ cluster, record: { ...record, port: cluster.port }, log, data });
  } catch (error) {
    await cluster?.stop();
    log?.[Symbol.dispose]();
    // Of a start that failed nothing is left but what was there before.
    if (data.isNew || record.isEphemeral) await data.remove();
    else data.release();
    throw error;
  }
}

function start(record: ClusterRecord, options: LaunchOptions, write: (line: string) => void): Promise<Cluster> {
  return startCluster({
    name: record.name,
    directory: record.dataDirectory,
    isEphemeral: record.isEphemeral,
    port: record.port ?? 0,
    nodeCount: options.nodes,
    runtime: options.runtime,
    ...(options.containerdSocket === undefined ? {} : { containerdSocket: options.containerdSocket }),
    admissionPlugins: { enabled: options.enableAdmissionPlugins ?? [], disabled: options.disableAdmissionPlugins ?? [] },
    runtimeConfig: parseRuntimeConfig(options.runtimeConfig ?? ""),
    ...(options.etcdCompactionInterval === undefined ? {} : { compactionPeriodMs: options.etcdCompactionInterval }),
    log: createJsonLogger({ write, now: systemClock.now, level: options.logLevel }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

async function chooseRecord(options: LaunchOptions, earlier: ClusterRecord | undefined): Promise<ClusterRecord> {
  const { name, isEphemeral } = options;
  if (isEphemeral && earlier !== undefined && !earlier.isEphemeral) {
    throw new UserError(
      `"${name}" is the name of a kept cluster`,
      "choose another --name for the ephemeral one, or remove it with: coracle reset",
    );
  }
  const dataDirectory = resolve(options.dataDir ?? (earlier?.isEphemeral === false ? earlier.dataDirectory : ownDataDirectory(name)));
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
  readonly data: DataDirectory;
}

function register({ cluster, record, log, data }: Registration): LaunchedCluster {
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
    if (!record.isEphemeral) return data.release();
    await data.remove();
    removeRecords(record.name);
  };
  return { cluster, record, kubeconfigPath: file, readyAfterMs, stop: () => (stopping ??= stop()) };
}
