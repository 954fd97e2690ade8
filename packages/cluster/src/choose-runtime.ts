import { detectContainerd } from "@coracle/kubelet";
import { RuntimeUnavailableError, type ClusterOptions, type RuntimeReport } from "./options.ts";

const detectTimeoutMs = 2000;

export type ChosenRuntime = RuntimeReport & { readonly socketPath?: string };

/** Decides what runs the containers, and why. @throws {RuntimeUnavailableError} when containerd was demanded and cannot be used. */
export async function chooseRuntime(options: Pick<ClusterOptions, "runtime" | "containerdSocket" | "nodeCount">): Promise<ChosenRuntime> {
  const { runtime = "auto", containerdSocket, nodeCount = 1 } = options;
  if (runtime === "simulated") return simulated("as asked for with --runtime simulated; containers do not really run");
  if (nodeCount > 1) {
    if (runtime === "auto") return simulated(`${nodeCount} nodes on one machine; containers do not really run`);
    throw new RuntimeUnavailableError(`containerd makes one node of this machine, not ${nodeCount}`, "leave --nodes out, or use --runtime simulated");
  }
  const found = await detectContainerd({ timeoutMs: detectTimeoutMs, ...(containerdSocket === undefined ? {} : { socketPath: containerdSocket }) });
  if (found.isUsable) {
    const reason = runtime === "auto" ? `it answers at ${found.socketPath}` : "as asked for with --runtime containerd";
    return { name: "containerd", version: found.version, reason, socketPath: found.socketPath };
  }
  if (runtime === "containerd") throw new RuntimeUnavailableError(found.reason, found.remedy);
  return simulated(`${found.reason}; containers do not really run`);
}

function simulated(reason: string): ChosenRuntime {
  return { name: "simulated", version: "", reason };
}

