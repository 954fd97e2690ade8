/**
 * `@coracle/kubelet`: the node agent. It registers a node, runs the pods bound to it on a {@link Runtime}, and reports how they are.
 *
 * The tour follows a pod: pod-source → podworkers (plan: what to do; worker: doing it) → images, volumes, containers (what the
 * runtime is told) → prober → status. `node` keeps the Node and its Lease fresh; `server` answers the API server for logs, exec and
 * port-forward. It answers to upstream's kubelet; it knows no static pods, device plug-ins, evictions or CSI.
 */
export { createKubelet, type Kubelet, type KubeletOptions } from "./kubelet.ts";
export * from "./runtime/runtime.ts";
export { createSimulatedRuntime, type SimulatedRuntimeOptions } from "./runtime/simulated/simulated-runtime.ts";
export { defaultBehaviour, type Behaviour, type BehaviourFunction, type BehaviourInput } from "./runtime/simulated/behaviour.ts";
export { createKubeletServer, type KubeletServer, type KubeletServerOptions } from "./server/kubelet-server.ts";
export type { StreamingServer } from "./server/streaming-contract.ts";
export type { RuntimePod } from "./podworkers/plan.ts";
export { unmountBelow } from "./volumes/mount-points.ts";
export { detectContainerd, type ContainerdDetection } from "./runtime/cri/detect.ts";

/** The real runtime, loaded when it is needed: simulated clusters do not pay for it. */
export const loadContainerd = (): Promise<typeof import("./runtime/cri/index.ts")> => import("./runtime/cri/index.ts");
/** The streaming protocols of exec, attach and port-forward, loaded with the first of them. */
export const loadStreaming = async (): Promise<import("./server/streaming-contract.ts").StreamingServer> =>
  (await import("./server/streaming/index.ts")).streamingServer;
