/** The answers of the runtime as the codec delivers them: proto3 defaults filled in, 64-bit integers as numbers, nanosecond times included. */
export interface CriSandbox {
  readonly id: string;
  readonly metadata: { name: string; uid: string; namespace: string; attempt: number };
  readonly state: number;
  readonly createdAt: number;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  /** In a status only. */
  readonly network?: { ip: string; additionalIps: { ip: string }[] } | null;
}

export interface CriContainer {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: { name: string; attempt: number };
  readonly image: { image: string } | null;
  readonly imageRef: string;
  readonly imageId: string;
  readonly state: number;
  readonly createdAt: number;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

export interface CriContainerStatus extends Omit<CriContainer, "podSandboxId"> {
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly logPath: string;
}

export interface CriImage {
  readonly id: string;
  readonly repoTags: string[];
  readonly repoDigests: string[];
  readonly size: number;
  readonly uid: { value: number } | null;
  readonly username: string;
}

interface CriNumber {
  readonly value: number;
}

export interface CriContainerStats {
  readonly attributes: { id: string } | null;
  readonly cpu: { timestamp: number; usageCoreNanoSeconds: CriNumber | null } | null;
  readonly memory: {
    workingSetBytes: CriNumber | null;
    usageBytes: CriNumber | null;
    rssBytes: CriNumber | null;
    pageFaults: CriNumber | null;
    majorPageFaults: CriNumber | null;
  } | null;
  readonly writableLayer: { usedBytes: CriNumber | null; inodesUsed: CriNumber | null } | null;
  readonly swap: { swapUsageBytes: CriNumber | null } | null;
}

export interface CriEvent {
  readonly containerId: string;
  readonly podSandboxStatus: CriSandbox | null;
}

/** What each method takes and gives. Requests are partial: proto3 has defaults for all fields. */
export interface CriAnswers {
  Version: { version: string; runtimeName: string; runtimeVersion: string; runtimeApiVersion: string };
  Status: { status: { conditions: { type: string; status: boolean; reason: string; message: string }[] }; info: Record<string, string> };
  UpdateRuntimeConfig: object;
  RunPodSandbox: { podSandboxId: string };
  StopPodSandbox: object;
  RemovePodSandbox: object;
  PodSandboxStatus: { status: CriSandbox | null };
  ListPodSandbox: { items: CriSandbox[] };
  CreateContainer: { containerId: string };
  StartContainer: object;
  StopContainer: object;
  RemoveContainer: object;
  ListContainers: { containers: CriContainer[] };
  ListContainerStats: { stats: CriContainerStats[] };
  ContainerStatus: { status: CriContainerStatus | null };
  ReopenContainerLog: object;
  ExecSync: { stdout: Uint8Array; stderr: Uint8Array; exitCode: number };
  Exec: { url: string };
  Attach: { url: string };
  PortForward: { url: string };
  ListImages: { images: CriImage[] };
  ImageStatus: { image: CriImage | null };
  PullImage: { imageRef: string };
  RemoveImage: object;
}
