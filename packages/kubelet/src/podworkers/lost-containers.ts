import { parseTime } from "@coracle/apimachinery";
import type { Pod } from "@coracle/api";
import { containerNameLabel, restartCountAnnotation } from "../containers/labels.ts";
import { containersOf, shouldRestart } from "../containers/pod-spec.ts";
import type { ContainerState } from "../runtime/runtime.ts";

const lost = {
  exitCode: 137,
  reason: "ContainerStatusUnknown",
  message: "The container could not be located when the pod was terminated",
};

/**
 * Containers that must not run again but that only the API remembers, as after a reboot: those that had ended keep their end, those that
 * ran are taken for killed.
 */
export function lostContainers(pod: Pod, present: readonly ContainerState[]): ContainerState[] {
  const found: ContainerState[] = [];
  for (const container of containersOf(pod)) {
    const status = pod.status?.containerStatuses?.find(({ name }) => name === container.name);
    const isPresent = present.some(({ labels }) => labels[containerNameLabel] === container.name);
    if (isPresent || !status?.containerID) continue;
    const {
      exitCode,
      reason = "",
      message = "",
      startedAt,
      finishedAt,
    } = status.state?.terminated ?? killed(status.state?.running?.startedAt);
    if (shouldRestart(pod, container, exitCode)) continue;
    found.push({
      id: status.containerID.replace(/^[^:]*:\/\//, ""),
      sandboxId: "",
      metadata: {
        name: container.name,
        attempt: status.restartCount,
      },
      state: "exited",
      image: status.image,
      imageId: status.imageID,
      exitCode,
      reason,
      message,
      createdAtMs: parseTime(startedAt) || 0,
      startedAtMs: parseTime(startedAt) || 0,
      finishedAtMs: parseTime(finishedAt) || 0,
      labels: { [containerNameLabel]: container.name },
      annotations: { [restartCountAnnotation]: String(status.restartCount) },
    });
  }
  return found;
}

type Ended = typeof lost & { startedAt?: string | undefined; finishedAt?: string | undefined };

function killed(startedAt: string | undefined): Ended {
  return { ...lost, startedAt, finishedAt: undefined };
}
