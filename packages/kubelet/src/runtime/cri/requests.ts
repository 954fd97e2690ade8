import type { ContainerConfig, PodSandboxConfig } from "../runtime.ts";
import { criEnum } from "./schema.ts";

/** What of the runtime's own configuration decides how requests are made. */
export interface RequestContext {
  /** The runtime hands cgroups to systemd, which takes slices instead of paths. */
  readonly isSystemdCgroup: boolean;
  /** Labels added to everything, so that two nodes can share one runtime. */
  readonly ownerLabels: Readonly<Record<string, string>>;
}

const { namespaceMode, profileType } = criEnum;

function int64(value: number | undefined): { value: number } | undefined {
  return value === undefined ? undefined : { value };
}

/** protobufjs refuses explicit `undefined` in nested messages on some paths; absent is what proto3 means. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}

interface Namespaces {
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
}

function namespaceOptions(linux: Namespaces, sharedPid: boolean): object {
  const pidMode = sharedPid ? namespaceMode.pod : namespaceMode.container;
  return {
    network: linux.hostNetwork ? namespaceMode.node : namespaceMode.pod,
    pid: linux.hostPid ? namespaceMode.node : pidMode,
    ipc: linux.hostIpc ? namespaceMode.node : namespaceMode.pod,
  };
}

/** A systemd driver takes `name.slice` only, and the cgroupfs driver a path only; anything else is left to the runtime's default. */
function cgroupParentFor(cgroupParent: string | undefined, context: RequestContext): string | undefined {
  if (cgroupParent === undefined || cgroupParent === "") return undefined;
  const isSlice = cgroupParent.endsWith(".slice");
  return isSlice === context.isSystemdCgroup ? cgroupParent : undefined;
}

/** `PodSandboxConfig` as the CRI spells it. */
export function toCriSandboxConfig(config: PodSandboxConfig, context: RequestContext): object {
  const { linux } = config;
  return compact({
    metadata: config.metadata,
    // With host network the pod has the node's name, and the runtime refuses to set another.
    hostname: linux.hostNetwork ? "" : config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dnsConfig,
    portMappings: config.portMappings.map((mapping) => ({
      protocol: criEnum.protocol[mapping.protocol],
      containerPort: mapping.containerPort,
      hostPort: mapping.hostPort,
      hostIp: mapping.hostIP ?? "",
    })),
    labels: { ...config.labels, ...context.ownerLabels },
    annotations: config.annotations,
    linux: compact({
      cgroupParent: cgroupParentFor(linux.cgroupParent, context),
      sysctls: linux.sysctls,
      securityContext: compact({
        namespaceOptions: namespaceOptions(linux, linux.shareProcessNamespace),
        runAsUser: int64(linux.runAsUser),
        runAsGroup: int64(linux.runAsGroup),
        supplementalGroups: linux.supplementalGroups,
        readonlyRootfs: linux.readonlyRootfs ?? false,
        privileged: linux.privileged ?? false,
        seccomp: { profileType: profileType.runtimeDefault },
      }),
    }),
  });
}

function seccomp(profile: ContainerConfig["linux"]["seccompProfile"]): object {
  if (typeof profile === "object") return { profileType: profileType.localhost, localhostRef: profile.localhost };
  return { profileType: profile === "Unconfined" ? profileType.unconfined : profileType.runtimeDefault };
}

// As the kubelet of 1.36 hides them from containers that are not privileged.
const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

function securityContext(linux: ContainerConfig["linux"], sandbox: PodSandboxConfig): object {
  return compact({
    capabilities: { addCapabilities: linux.addCapabilities, dropCapabilities: linux.dropCapabilities },
    privileged: linux.privileged,
    namespaceOptions: namespaceOptions(linux, sandbox.linux.shareProcessNamespace),
    runAsUser: int64(linux.runAsUser),
    runAsUsername: linux.runAsUsername,
    runAsGroup: int64(linux.runAsGroup),
    supplementalGroups: linux.supplementalGroups,
    readonlyRootfs: linux.readonlyRootfs,
    noNewPrivs: linux.noNewPrivileges,
    maskedPaths: linux.privileged ? [] : maskedPaths,
    readonlyPaths: linux.privileged ? [] : readonlyPaths,
    // A privileged container is never confined by seccomp.
    seccomp: linux.privileged ? { profileType: profileType.unconfined } : seccomp(linux.seccompProfile),
  });
}

/** `ContainerConfig` as the CRI spells it; `image` is the reference that the runtime resolves. */
export function toCriContainerConfig(config: ContainerConfig, sandbox: PodSandboxConfig, context: RequestContext): object {
  const { resources } = config.linux;
  return {
    metadata: config.metadata,
    image: { image: config.image },
    command: config.command,
    args: config.args,
    workingDir: config.workingDir,
    envs: config.env.map(({ key, value }) => ({ key, value: Buffer.from(value) })),
    mounts: config.mounts.map((mount) => ({
      containerPath: mount.containerPath,
      hostPath: mount.hostPath,
      readonly: mount.isReadonly,
      propagation: criEnum.mountPropagation[mount.propagation ?? "None"],
    })),
    devices: config.devices,
    labels: { ...config.labels, ...context.ownerLabels },
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: compact({
        cpuPeriod: resources.cpuPeriod,
        cpuQuota: resources.cpuQuota,
        cpuShares: resources.cpuShares,
        memoryLimitInBytes: resources.memoryLimitBytes,
        oomScoreAdj: resources.oomScoreAdj,
      }),
      securityContext: securityContext(config.linux, sandbox),
    },
  };
}
