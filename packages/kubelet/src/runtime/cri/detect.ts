import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { CriError, type CriConnection } from "./connection.ts";

export type ContainerdDetection =
  | { readonly isUsable: true; readonly version: string; readonly socketPath: string }
  | { readonly isUsable: false; readonly reason: string; readonly remedy: string; readonly isTooOld?: boolean };

export interface DetectContainerdOptions {
  /** Defaults to the first of {@link defaultSockets} that exists. */
  readonly socketPath?: string;
  readonly timeoutMs: number;
}

/** Where distributions put containerd's socket. */
export const defaultSockets = ["/run/containerd/containerd.sock", "/var/run/containerd/containerd.sock"];

const oldestVersion = [1, 6] as const;
const simulated = "or use --runtime simulated";

function isOlder(version: string): boolean {
  const match = /^v?(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1]);
}

function refuse(reason: string, remedy: string): ContainerdDetection {
  return { isUsable: false, reason, remedy };
}

async function findSocket(socketPath: string | undefined): Promise<string | undefined> {
  for (const candidate of socketPath === undefined ? defaultSockets : [socketPath]) {
    const found = await stat(candidate).catch((error: NodeJS.ErrnoException) =>
      error.code === "EACCES" ? ("hidden" as const) : undefined,
    );
    if (found !== undefined) return candidate;
  }
  return undefined;
}

const installNewer = `install containerd 1.6 or newer, ${simulated}`;

function tooOld(version: string): ContainerdDetection {
  return { isUsable: false, reason: `containerd ${version} is too old`, remedy: installNewer, isTooOld: true };
}

async function explain(error: unknown, connection: CriConnection, socketPath: string): Promise<ContainerdDetection> {
  if (!(error instanceof CriError)) throw error;
  if (error.code === "UNIMPLEMENTED") {
    // No CRI v1: the plug-in is turned off, or this is a containerd that speaks v1alpha2 only. Its own service tells which.
    const version = await connection.containerdVersion().catch(() => "");
    if (isOlder(version)) return tooOld(version);
    const remedy = `remove "cri" from disabled_plugins in /etc/containerd/config.toml and restart containerd, ${simulated}`;
    return refuse(`containerd at ${socketPath} has its CRI plug-in disabled`, remedy);
  }
  return refuse(`containerd at ${socketPath} does not answer: ${error.message}`, `check "systemctl status containerd", ${simulated}`);
}

/** Whether this machine, or the container that we are in, may lower `oom_score_adj`. */
async function mayLowerOomScore(): Promise<boolean> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return bounding === undefined || (BigInt(`0x${bounding}`) & capSysResource) !== 0n;
}

const capSysResource = 1n << 24n;

/** Every sandbox gets -998 unless containerd is told to be modest, and where that is forbidden no pod can ever start. */
async function checkOomScore(connection: CriConnection, timeoutMs: number): Promise<ContainerdDetection | undefined> {
  if (await mayLowerOomScore()) return undefined;
  const { info } = await connection.call("Status", { verbose: true }, { timeoutMs });
  if (/"restrictOOMScoreAdj":\s*true/.test(info["config"] ?? "")) return undefined;
  const remedy = `set restrict_oom_score_adj = true under [plugins."io.containerd.grpc.v1.cri"] in containerd's configuration and restart it, ${simulated}`;
  return refuse("containerd may not set oom_score_adj on this machine (no CAP_SYS_RESOURCE), so no pod could start", remedy);
}

async function askVersion(connection: CriConnection, socketPath: string, timeoutMs: number): Promise<ContainerdDetection> {
  try {
    const { runtimeName, runtimeVersion } = await connection.call("Version", {}, { timeoutMs });
    if (runtimeName === "containerd" && isOlder(runtimeVersion)) return tooOld(runtimeVersion);
    const isContainerd = runtimeName === "containerd";
    const refusal = isContainerd ? await checkOomScore(connection, timeoutMs) : undefined;
    return refusal ?? { isUsable: true, version: runtimeVersion, socketPath };
  } catch (error) {
    return await explain(error, connection, socketPath);
  }
}

/**
 * Whether this process can run containers through containerd, and if not, why and what helps. A network plug-in that is not ready
 * is no refusal: `ensureCniConfig` sets it up.
 */
export async function detectContainerd(options: DetectContainerdOptions): Promise<ContainerdDetection> {
  if (process.platform !== "linux") {
    return refuse(`real containers need Linux, and this is ${process.platform}`, "use --runtime simulated");
  }
  const socketPath = await findSocket(options.socketPath);
  if (socketPath === undefined) {
    return refuse(`no containerd socket at ${options.socketPath ?? defaultSockets[0]}`, `install and start containerd, ${simulated}`);
  }
  try {
    await access(socketPath, constants.R_OK | constants.W_OK);
  } catch {
    return refuse(
      `no permission to use the containerd socket ${socketPath}`,
      `run as root or give your user access to the socket, ${simulated}`,
    );
  }
  // gRPC is loaded only when there is somebody to talk to.
  const { connectCri } = await import("./connection.ts");
  using connection = await connectCri(socketPath);
  return await askVersion(connection, socketPath, options.timeoutMs);
}
