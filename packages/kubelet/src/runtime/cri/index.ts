/**
 * The real runtime: CRI v1 over gRPC on a unix socket, as containerd (from 1.6) and CRI-O speak it, and the bridge network of its pods.
 * gRPC and protobuf load with the first connection, so a simulated cluster never pays for them.
 *
 * ```ts
 * const found = await detectContainerd({ timeoutMs: 2_000 });
 * if (found.isUsable) await using runtime = await createCriRuntime({ socketPath: found.socketPath, clock, log });
 * ```
 */
import type { Clock, Logger } from "@coracle/base";
import type { Runtime } from "../runtime.ts";
import { connectCri, type CriConnection } from "./connection.ts";
import { CriRuntime } from "./cri-runtime.ts";

export { CriError } from "./connection.ts";
export { ensureCniConfig, removeCniConfig, type CniOptions } from "./cni.ts";
export { defaultSockets, detectContainerd, type ContainerdDetection, type DetectContainerdOptions } from "./detect.ts";
export { normalizeImageName } from "./image-name.ts";
export { probeNetwork } from "./network-probe.ts";

export interface CriRuntimeOptions {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Names the node among others that use the same containerd: what it creates carries the label `coracle.dev/node`, and it sees nothing
   * without. Without an owner every pod sandbox of the runtime is taken for ours.
   */
  readonly owner?: string;
}

/** Whether the runtime hands cgroups to systemd. Only containerd tells; others are taken for cgroupfs. */
async function usesSystemdCgroup(connection: CriConnection): Promise<boolean> {
  const { info } = await connection.call("Status", { verbose: true });
  try {
    const config = JSON.parse(info["config"] ?? "{}") as {
      systemdCgroup?: boolean;
      containerd?: { defaultRuntimeName?: string; runtimes?: Record<string, { options?: { SystemdCgroup?: boolean } }> };
    };
    const options = config.containerd?.runtimes?.[config.containerd.defaultRuntimeName ?? "runc"]?.options;
    return (config.systemdCgroup ?? false) || (options?.SystemdCgroup ?? false);
  } catch {
    return false;
  }
}

/** @throws {CriError} when the runtime does not answer. */
export async function createCriRuntime({ socketPath, clock, log, owner }: CriRuntimeOptions): Promise<Runtime> {
  const connection = await connectCri(socketPath);
  try {
    const isSystemdCgroup = await usesSystemdCgroup(connection);
    const ownerLabels = owner === undefined ? {} : { "coracle.dev/node": owner };
    return new CriRuntime({ connection, clock, log, context: { isSystemdCgroup, ownerLabels } });
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}
