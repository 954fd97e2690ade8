import type { ContainerState, Image, PodSandbox } from "../runtime.ts";
import type { CriContainer, CriContainerStatus, CriImage, CriSandbox } from "./messages.ts";
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
