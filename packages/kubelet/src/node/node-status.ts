import { arch, cpus, platform, release, totalmem } from "node:os";
import { formatTime } from "@coracle/apimachinery";
import type { Node, NodeCondition, NodeStatus } from "@coracle/api";
import type { Image } from "../runtime/runtime.ts";

export interface NodeDescription {
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly capacity: Readonly<Record<string, string>>;
  readonly serverPort: number | undefined;
  readonly runtimeVersion: string;
  readonly kubeletVersion: string;
  readonly podCidr: string;
  /** Stable identity of the machine, made from the node's name where nodes share one. */
  readonly machineId: string;
}

const architectures: Record<string, string> = { x64: "amd64", arm64: "arm64", arm: "arm", ia32: "386" };

/** The machine's architecture in Go's words. */
export function goArchitecture(): string {
  return architectures[arch()] ?? arch();
}

/** What a node of this machine can take, unless told otherwise. */
export function machineCapacity(): Record<string, string> {
  return {
    cpu: String(cpus().length || 1),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: "110",
    "ephemeral-storage": "100Gi",
  };
}

export function nodeLabels({ nodeName, labels }: Pick<NodeDescription, "nodeName" | "labels">): Record<string, string> {
  const os = platform() === "win32" ? "windows" : platform();
  return {
    "beta.kubernetes.io/arch": goArchitecture(),
    "beta.kubernetes.io/os": os,
    "kubernetes.io/arch": goArchitecture(),
    "kubernetes.io/hostname": nodeName,
    "kubernetes.io/os": os,
    ...labels,
  };
}

/** The Node as a kubelet registers it. */
export function nodeObject(description: NodeDescription, status: NodeStatus): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: description.nodeName,
      labels: nodeLabels(description),
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true", ...description.annotations },
    },
    spec: description.podCidr === "" ? {} : { podCIDR: description.podCidr, podCIDRs: [description.podCidr] },
    status,
  } as Node;
}

export interface NodeHealth {
  readonly nowMs: number;
  /** Undefined when the runtime and its network are ready. */
  readonly problem: string | undefined;
  readonly images: readonly Image[];
}

const maxImages = 50;

/** The status that is reported; transition times are kept from `old` where nothing changed. */
export function nodeStatus(description: NodeDescription, old: NodeStatus | undefined, health: NodeHealth): NodeStatus {
  const { nodeName, nodeAddress, capacity, serverPort, machineId } = description;
  return {
    ...old,
    addresses: [
      { type: "InternalIP", address: nodeAddress },
      { type: "Hostname", address: nodeName },
    ],
    capacity: { ...capacity },
    allocatable: { ...capacity },
    conditions: nodeConditions(old, health),
    ...(serverPort === undefined ? {} : { daemonEndpoints: { kubeletEndpoint: { Port: serverPort } } }),
    nodeInfo: {
      machineID: machineId,
      systemUUID: machineId,
      bootID: machineId,
      kernelVersion: release(),
      osImage: platform() === "linux" ? "Linux" : platform(),
      containerRuntimeVersion: description.runtimeVersion,
      kubeletVersion: description.kubeletVersion,
      kubeProxyVersion: "",
      operatingSystem: platform() === "win32" ? "windows" : platform(),
      architecture: goArchitecture(),
    },
    images: [...health.images]
      .sort((left, right) => right.sizeBytes - left.sizeBytes)
      .slice(0, maxImages)
      .map(({ repoTags, repoDigests, sizeBytes }) => ({ names: [...repoDigests, ...repoTags], sizeBytes })),
  } as NodeStatus;
}

function nodeConditions(old: NodeStatus | undefined, { nowMs, problem }: NodeHealth): NodeCondition[] {
  const now = formatTime(nowMs);
  const verdicts = [
    ["MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
    ["DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
    ["PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
    problem === undefined
      ? ["Ready", "True", "KubeletReady", "kubelet is posting ready status"]
      : ["Ready", "False", "KubeletNotReady", problem],
  ] as const;
  const own = verdicts.map(([type, status, reason, message]) => {
    const before = old?.conditions?.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message } as NodeCondition;
  });
  const foreign = (old?.conditions ?? []).filter((condition) => !verdicts.some(([type]) => type === condition.type));
  return [...foreign, ...own];
}
