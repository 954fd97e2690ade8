import { mkdirSync } from "node:fs";
import { detectContainerd } from "@coracle/kubelet";
import { lockDirectory, StoreLockedError } from "@coracle/storage";
import { RuntimeUnavailableError, type ClusterOptions, type RuntimeReport } from "./options.ts";

const detectTimeoutMs = 2000;

/** Addresses of pods and services are the machine's: one cluster at a time may have them. */
const machineDirectory = "/run/coracle";

export type ChosenRuntime = RuntimeReport & { readonly socketPath?: string; readonly machineLock?: Disposable };

/** Decides what runs the containers, and why. @throws {RuntimeUnavailableError} when containerd was demanded and cannot be used. */
export async function chooseRuntime(options: Pick<ClusterOptions, "runtime" | "containerdSocket" | "nodeCount">): Promise<ChosenRuntime> {
  const { runtime = "auto", containerdSocket, nodeCount = 1 } = options;
  if (runtime === "simulated") return simulated("as asked for with --runtime simulated; containers do not really run");
  if (nodeCount > 1) {
    if (runtime === "auto") return simulated(`${nodeCount} nodes on one machine; containers do not really run`);
    throw new RuntimeUnavailableError(
      `containerd makes one node of this machine, not ${nodeCount}`,
      "leave --nodes out, or use --runtime simulated",
    );
  }
  const found = await detectContainerd({
    timeoutMs: detectTimeoutMs,
    ...(containerdSocket === undefined ? {} : { socketPath: containerdSocket }),
  });
  if (found.isUsable) {
    const machineLock = lockMachine();
    if (typeof machineLock === "string") {
      if (runtime === "auto") return simulated(`${machineLock}; containers do not really run`);
      throw new RuntimeUnavailableError(machineLock, "stop that cluster first, or use --runtime simulated");
    }
    const reason = runtime === "auto" ? `it answers at ${found.socketPath}` : "as asked for with --runtime containerd";
    return { name: "containerd", version: found.version, reason, socketPath: found.socketPath, machineLock };
  }
  if (runtime === "containerd") throw new RuntimeUnavailableError(found.reason, found.remedy);
  return simulated(`${found.reason}; containers do not really run`);
}

/** The lock, or why it cannot be had. */
function lockMachine(): Disposable | string {
  try {
    mkdirSync(machineDirectory, { recursive: true });
    return lockDirectory(machineDirectory);
  } catch (error) {
    if (error instanceof StoreLockedError) return `process ${error.holderPid} runs a cluster with this machine's containerd`;
    return `pod networks need root (${(error as NodeJS.ErrnoException).code ?? "no permission"} at ${machineDirectory})`;
  }
}

function simulated(reason: string): ChosenRuntime {
  return { name: "simulated", version: "", reason };
}
