import type { ContainerState, ContainerStats, Image, PodSandbox } from "../runtime.ts";
import type { CriContainer, CriContainerStats, CriContainerStatus, CriImage, CriSandbox } from "./messages.ts";
import { criEnum } from "./schema.ts";

const nanosecondsPerMs = 1e6;

function toMs(nanoseconds: number): number {
  return Math.floor(nanoseconds / nanosecondsPerMs);
}

/** A listed sandbox has no addresses: only its status knows them. */
export function fromCriSandbox(sandbox: CriSandbox): PodSandbox {
  const { network } = sandbox;
  const ips = network ? [network.ip, ...network.additionalIps.map((additional) => additional.ip)] : [];
  return {
    id: sandbox.id,
    metadata: sandbox.metadata,
    isReady: sandbox.state === criEnum.sandboxState.ready,
    createdAtMs: toMs(sandbox.createdAt),
    ips: ips.filter((ip) => ip !== ""),
    labels: sandbox.labels,
    annotations: sandbox.annotations,
  };
}

/** What a list tells; times and exit code come with {@link fromCriContainerStatus} only. */
export function fromCriContainer(container: CriContainer): ContainerState {
  return {
    id: container.id,
    sandboxId: container.podSandboxId,
    metadata: container.metadata,
    state: criEnum.containerState[container.state] ?? "unknown",
    image: container.image?.image ?? "",
    imageId: container.imageRef,
    createdAtMs: toMs(container.createdAt),
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    reason: "",
    message: "",
    labels: container.labels,
    annotations: container.annotations,
  };
}

export function fromCriContainerStatus(status: CriContainerStatus, sandboxId: string): ContainerState {
  return {
    ...fromCriContainer({ ...status, podSandboxId: sandboxId }),
    startedAtMs: toMs(status.startedAt),
    finishedAtMs: toMs(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
  };
}

/** Undefined for a container that was not measured: it has just come, or gone. */
export function fromCriStats({ attributes, cpu, memory, writableLayer, swap }: CriContainerStats): ContainerStats | undefined {
  if (!attributes || !cpu?.usageCoreNanoSeconds || !memory?.workingSetBytes) return undefined;
  const optional = (name: string, number: { value: number } | null | undefined): Record<string, number> =>
    number ? { [name]: number.value } : {};
  const files = writableLayer?.usedBytes
    ? { usedBytes: writableLayer.usedBytes.value, inodesUsed: writableLayer.inodesUsed?.value ?? 0 }
    : undefined;
  return {
    containerId: attributes.id,
    timestampMs: toMs(cpu.timestamp),
    cpuNanoseconds: cpu.usageCoreNanoSeconds.value,
    workingSetBytes: memory.workingSetBytes.value,
    ...optional("usageBytes", memory.usageBytes),
    ...optional("rssBytes", memory.rssBytes),
    ...optional("pageFaults", memory.pageFaults),
    ...optional("majorPageFaults", memory.majorPageFaults),
    ...optional("swapBytes", swap?.swapUsageBytes),
    ...(files !== undefined && { filesystem: files }),
  };
}

export function fromCriImage(image: CriImage): Image {
  return {
    id: image.id,
    repoTags: image.repoTags,
    repoDigests: image.repoDigests,
    sizeBytes: image.size,
    ...(image.uid === null ? {} : { uid: image.uid.value }),
    ...(image.username === "" ? {} : { username: image.username }),
  };
}
