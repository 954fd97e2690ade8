/**
 * The seam between the node agent and whatever runs containers: the Container Runtime Interface (CRI v1) in TypeScript's terms.
 * `cri/` speaks gRPC to containerd or CRI-O; `simulated/` keeps everything in memory, with scriptable behaviour. Both pass `conformance.ts`.
 */
export interface Runtime extends AsyncDisposable {
  readonly name: string;
  /** Whether containers see the files under `Mount.hostPath`. If not, the kubelet writes none and gives `Mount.readFile`. Defaults to true. */
  readonly usesHostFiles?: boolean;
  version(): Promise<{ runtimeName: string; runtimeVersion: string; runtimeApiVersion: string }>;
  status(): Promise<{ isRuntimeReady: boolean; isNetworkReady: boolean; message: string }>;
  /** Tells the runtime the node's pod range (CRI `UpdateRuntimeConfig`). */
  setPodCidr(podCidr: string): Promise<void>;

  runPodSandbox(config: PodSandboxConfig): Promise<string>;
  /** Idempotent; stops the containers too and frees the network. */
  stopPodSandbox(sandboxId: string): Promise<void>;
  removePodSandbox(sandboxId: string): Promise<void>;
  listPodSandboxes(filter?: { labels?: Record<string, string> }): Promise<PodSandbox[]>;
  podSandboxStatus(sandboxId: string): Promise<PodSandbox | undefined>;

  createContainer(sandboxId: string, config: ContainerConfig, sandboxConfig: PodSandboxConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  /** SIGTERM (or the image's stop signal), then SIGKILL after the grace period. Resolves when it is down. */
  stopContainer(containerId: string, gracePeriodSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  listContainers(filter?: { sandboxId?: string; labels?: Record<string, string> }): Promise<ContainerState[]>;
  containerStatus(containerId: string): Promise<ContainerState | undefined>;
  /** What running containers use, in no order. A pod's annotations decide for simulated ones: as {@link StatsOptions} gives them. */
  listContainerStats(options?: StatsOptions): Promise<ContainerStats[]>;
  /** Calls `listener` whenever a sandbox or container changed state; where the runtime has no events the adapter polls. */
  subscribe(listener: (event: RuntimeEvent) => void): Disposable;

  /** Runs to its end; for probes and hooks. @throws when the time is over. */
  execSync(
    containerId: string,
    command: readonly string[],
    timeoutSeconds: number,
  ): Promise<{ stdout: Uint8Array; stderr: Uint8Array; exitCode: number }>;
  /** Streams; resolves with the exit code. */
  exec(containerId: string, command: readonly string[], io: StreamIo): Promise<number>;
  attach(containerId: string, io: StreamIo): Promise<void>;
  /** One connection to `port` inside the pod's network namespace. */
  portForward(sandboxId: string, port: number): Promise<ByteStream>;
  /** Raw log bytes in CRI log format (`<RFC3339Nano> stdout F text\n`), oldest first; goes on while the container runs if `follow`. */
  readLog(containerId: string, options: LogReadOptions): AsyncIterable<Uint8Array>;
  /** Bytes of the log that may be skipped; undefined when there is none. Only where logs are files. */
  logSize?(containerId: string): Promise<number | undefined>;
  /** Has the runtime open a container's log file anew, after it was moved away. Only where logs are files. */
  reopenLog?(containerId: string): Promise<void>;
  /** Sends an HTTP(S), TCP or gRPC probe from the node to a pod address. The simulated runtime answers for its pods. */
  probeNetwork(sandboxId: string, probe: NetworkProbe): Promise<{ isSuccess: boolean; output: string }>;

  imageStatus(image: string): Promise<Image | undefined>;
  /** @throws {ImagePullError} */
  pullImage(image: string, auth?: { username: string; password: string; serverAddress: string }): Promise<string>;
  listImages(): Promise<Image[]>;
  removeImage(image: string): Promise<void>;
}

export interface LogReadOptions {
  readonly follow: boolean;
  /** Bytes to skip; only for runtimes that tell the log's size. Defaults to 0. */
  readonly offset?: number;
  readonly signal: AbortSignal;
}

export interface NetworkProbe {
  readonly type: "http" | "tcp" | "grpc";
  readonly scheme?: "HTTP" | "HTTPS";
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly headers?: readonly { name: string; value: string }[];
  readonly service?: string;
  readonly timeoutMs: number;
}

export interface PodSandboxConfig {
  readonly metadata: { name: string; namespace: string; uid: string; attempt: number };
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dnsConfig?: { servers: string[]; searches: string[]; options: string[] };
  readonly portMappings: readonly { protocol: "TCP" | "UDP" | "SCTP"; containerPort: number; hostPort: number; hostIP?: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly linux: {
    cgroupParent?: string;
    sysctls?: Record<string, string>;
    hostNetwork: boolean;
    hostPid: boolean;
    hostIpc: boolean;
    shareProcessNamespace: boolean;
    runAsUser?: number;
    runAsGroup?: number;
    supplementalGroups?: number[];
    readonlyRootfs?: boolean;
    privileged?: boolean;
  };
}

export interface PodSandbox {
  readonly id: string;
  readonly metadata: PodSandboxConfig["metadata"];
  readonly isReady: boolean;
  readonly createdAtMs: number;
  /** The first is the primary one; empty with host network. */
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ContainerConfig {
  readonly metadata: { name: string; attempt: number };
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { key: string; value: string }[];
  readonly mounts: readonly Mount[];
  readonly devices: readonly { containerPath: string; hostPath: string; permissions: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Relative to the sandbox's log directory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly linux: {
    resources: { cpuPeriod?: number; cpuQuota?: number; cpuShares?: number; memoryLimitBytes?: number; oomScoreAdj?: number };
    privileged: boolean;
    runAsUser?: number;
    runAsUsername?: string;
    runAsGroup?: number;
    supplementalGroups?: number[];
    readonlyRootfs: boolean;
    noNewPrivileges: boolean;
    addCapabilities: readonly string[];
    dropCapabilities: readonly string[];
    seccompProfile: "RuntimeDefault" | "Unconfined" | { localhost: string };
    hostNetwork: boolean;
    hostPid: boolean;
    hostIpc: boolean;
  };
}

export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly isReadonly: boolean;
  readonly propagation?: "None" | "HostToContainer" | "Bidirectional";
  /** Content on demand, for runtimes without host files: `path` is relative to `containerPath`, empty for a mounted file. */
  readFile?(path: string): Promise<Uint8Array | undefined>;
}

export interface ContainerState {
  readonly id: string;
  readonly sandboxId: string;
  readonly metadata: { name: string; attempt: number };
  readonly state: "created" | "running" | "exited" | "unknown";
  readonly image: string;
  readonly imageId: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled` … */
  readonly reason: string;
  readonly message: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface StatsOptions {
  /** Annotations of a pod as they are now. Defaults to those its sandbox was made with. */
  annotationsOf?(podUid: string): Readonly<Record<string, string>> | undefined;
}

export interface ContainerStats {
  readonly containerId: string;
  /** When it was measured. */
  readonly timestampMs: number;
  /** Since the container started, of all its CPUs; it never goes down. */
  readonly cpuNanoseconds: number;
  /** Memory that cannot be taken away: usage without what caches could give back. */
  readonly workingSetBytes: number;
  /** Defaults to the working set. */
  readonly usageBytes?: number;
  readonly rssBytes?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
  readonly swapBytes?: number;
  /** Of the container's own layer of files. */
  readonly filesystem?: { readonly usedBytes: number; readonly inodesUsed: number };
}

export interface RuntimeEvent {
  readonly sandboxId: string;
  readonly containerId?: string;
  readonly podUid: string;
}

export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** Numeric user of the image's config, if it names one. */
  readonly uid?: number;
  readonly username?: string;
}

/** A duplex of bytes. `writable` ends when the peer's input ends. */
export interface ByteStream {
  readonly readable: AsyncIterable<Uint8Array>;
  write(chunk: Uint8Array): Promise<void>;
  end(): void;
  destroy(): void;
}

export interface StreamIo {
  readonly tty: boolean;
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly stdout?: (chunk: Uint8Array) => Promise<void> | void;
  readonly stderr?: (chunk: Uint8Array) => Promise<void> | void;
  readonly resize?: AsyncIterable<{ width: number; height: number }>;
  readonly signal: AbortSignal;
}

/** `reason` is the kubelet's: ErrImagePull, ImageInspectError, ErrImageNeverPull, InvalidImageName, RegistryUnavailable. */
export class ImagePullError extends Error {
  override readonly name = "ImagePullError";
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
