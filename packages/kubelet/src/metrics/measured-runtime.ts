import type { Runtime } from "../runtime/runtime.ts";
import type { KubeletMetrics } from "./kubelet-metrics.ts";

/** The operations that are counted, and the kubelet's names for them. */
const operations: Readonly<Partial<Record<keyof Runtime, string>>> = {
  version: "version",
  status: "status",
  setPodCidr: "update_runtime_config",
  runPodSandbox: "run_podsandbox",
  stopPodSandbox: "stop_podsandbox",
  removePodSandbox: "remove_podsandbox",
  listPodSandboxes: "list_podsandbox",
  podSandboxStatus: "podsandbox_status",
  createContainer: "create_container",
  startContainer: "start_container",
  stopContainer: "stop_container",
  removeContainer: "remove_container",
  listContainers: "list_containers",
  containerStatus: "container_status",
  listContainerStats: "list_container_stats",
  execSync: "exec_sync",
  exec: "exec",
  attach: "attach",
  portForward: "port_forward",
  reopenLog: "reopen_container_log",
  imageStatus: "image_status",
  pullImage: "pull_image",
  listImages: "list_images",
  removeImage: "remove_image",
};

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** The same runtime, whose operations are counted and timed. */
export function measuredRuntime(runtime: Runtime, metrics: KubeletMetrics): Runtime {
  const wrapped = new Map<PropertyKey, unknown>();
  return new Proxy(runtime, {
    get(target, property) {
      const known = wrapped.get(property);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      const operation = operations[property as keyof Runtime];
      const method = value.bind(target) as Method;
      const measured: Method = operation === undefined ? method : (...args) => metrics.measure(operation, () => method(...args));
      wrapped.set(property, measured);
      return measured;
    },
  });
}
