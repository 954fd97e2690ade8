import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Clock } from "@coracle/base";
import { connectCri, type CriConnection } from "./connection.ts";

export interface CniOptions {
  readonly socketPath: string;
  readonly clock: Clock;
  /** Names the network and the file, `00-<name>.conflist`, so that it comes before what else is there. */
  readonly name: string;
  readonly podCidr: string;
  /** Defaults to `coracle0`. At most 15 characters. */
  readonly bridge?: string;
  /** Defaults to what containerd is configured with, `/etc/cni/net.d` usually. */
  readonly confDirectory?: string;
  /** Defaults to 10 s. */
  readonly timeoutMs?: number;
}

/** Says what keeps pods from having a network, in one line with a remedy. */
export class CniError extends Error {
  override readonly name = "CniError";
}

const neededPlugins = ["bridge", "host-local", "portmap", "loopback"];
const defaultBridge = "coracle0";
const pollMs = 50;

interface CniPaths {
  readonly confDirectory: string;
  readonly binDirectory: string;
}

/** Where containerd looks; only containerd tells, and only when asked in detail. */
async function cniPaths(connection: CriConnection): Promise<CniPaths> {
  const { info } = await connection.call("Status", { verbose: true });
  const config = JSON.parse(info["config"] ?? "{}") as { cni?: { binDir?: string; binDirs?: string[]; confDir?: string } };
  return {
    confDirectory: config.cni?.confDir || "/etc/cni/net.d",
    binDirectory: config.cni?.binDirs?.[0] || config.cni?.binDir || "/opt/cni/bin",
  };
}

async function requirePlugins(binDirectory: string): Promise<void> {
  const checks = neededPlugins.map(async (plugin) => {
    const isThere = await access(join(binDirectory, plugin), constants.X_OK).then(
      () => true,
      () => false,
    );
    return isThere ? [] : [plugin];
  });
  const missing = (await Promise.all(checks)).flat();
  if (missing.length === 0) return;
  const list = missing.join(", ");
  throw new CniError(
    `CNI plugins ${list} are missing from ${binDirectory}: install the containernetworking-plugins package, or set bin_dir in containerd's configuration`,
  );
}

function conflist(name: string, bridge: string, podCidr: string): string {
  const plugins = [
    {
      type: "bridge",
      bridge,
      isGateway: true,
      // The service proxy masquerades what leaves the pod range; twice would hide the pods' addresses from one another.
      ipMasq: false,
      // A pod may reach itself through its own service.
      hairpinMode: true,
      ipam: { type: "host-local", ranges: [[{ subnet: podCidr }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true }, snat: true },
  ];
  return `${JSON.stringify({ cniVersion: "0.4.0", name, plugins }, null, 2)}\n`;
}

function configPath(confDirectory: string, name: string): string {
  return join(confDirectory, `00-${name}.conflist`);
}

async function waitForNetwork(connection: CriConnection, clock: Clock, timeoutMs: number): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const { status } = await connection.call("Status", {});
    const network = status.conditions.find(({ type }) => type === "NetworkReady");
    if (network?.status === true) return;
    if (clock.monotonic() > deadline) {
      throw new CniError(`containerd does not take the pod network up: ${network?.message ?? "it reports no NetworkReady condition"}`);
    }
    await clock.sleep(pollMs);
  }
}

const execute = promisify(execFile);

/** Takes a bridge of an earlier pod range away, for the plug-in refuses to change its address. */
async function deleteBridge(bridge: string): Promise<void> {
  await execute("ip", ["link", "delete", bridge]).catch(() => undefined);
}

/**
 * Gives containerd a bridge network over `podCidr`: writes the configuration if it is missing or different, and waits until the
 * runtime reports the network ready. @throws {CniError}
 */
export async function ensureCniConfig(options: CniOptions): Promise<{ configPath: string; hasChanged: boolean }> {
  using connection = await connectCri(options.socketPath);
  const paths = await cniPaths(connection);
  await requirePlugins(paths.binDirectory);
  const confDirectory = options.confDirectory ?? paths.confDirectory;
  const bridge = options.bridge ?? defaultBridge;
  const path = configPath(confDirectory, options.name);
  const wanted = conflist(options.name, bridge, options.podCidr);
  const found = await readFile(path, "utf8").catch(() => undefined);
  if (found !== wanted) {
    if (found !== undefined) await deleteBridge(bridge);
    try {
      await mkdir(confDirectory, { recursive: true });
      // Containerd watches the directory: it must never see half a file.
      await writeFile(`${path}.tmp`, wanted, { mode: 0o644 });
      await rename(`${path}.tmp`, path);
    } catch (cause) {
      throw new CniError(`cannot write the pod network's configuration ${path}: ${(cause as Error).message}; run as root`, { cause });
    }
  }
  await waitForNetwork(connection, options.clock, options.timeoutMs ?? 10_000);
  return { configPath: path, hasChanged: found !== wanted };
}

/** Takes away what {@link ensureCniConfig} made: the file, the bridge and the leases of addresses. Call it when no pod is left. */
export async function removeCniConfig(options: Omit<CniOptions, "podCidr" | "clock" | "timeoutMs">): Promise<void> {
  const confDirectory = options.confDirectory ?? (await confDirectoryOf(options.socketPath));
  await rm(configPath(confDirectory, options.name), { force: true });
  await deleteBridge(options.bridge ?? defaultBridge);
  await rm(join("/var/lib/cni/networks", options.name), { recursive: true, force: true });
}

/** The runtime may be gone by the time of cleaning up. */
async function confDirectoryOf(socketPath: string): Promise<string> {
  using connection = await connectCri(socketPath);
  return await cniPaths(connection).then(
    (paths) => paths.confDirectory,
    () => "/etc/cni/net.d",
  );
}
