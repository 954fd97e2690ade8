import type { ContainerStatus, Pod } from "@coracle/api";

/** What the API remembers of a container, of whose earlier instances the runtime knows nothing, as after a reboot or an orderly stop of the node. */
export interface Remembered {
  /** Of the instance that runs next, or of the current one. */
  readonly restartCount: number;
  readonly lastState: ContainerStatus["lastState"];
}

/** The words are the kubelet's. */
const unknownEnd = {
  exitCode: 137,
  reason: "ContainerStatusUnknown",
  message: "The container could not be located when the pod was deleted.  The container used to be Running",
};

/**
 * An instance that the status names and that is not the current one has run, and ended in a way that nobody saw if it ran last: the next one
 * counts as a restart. A status without an instance was written since: it counts that one already.
 */
export function rememberedOf({ metadata, status }: Pod, name: string, currentId?: string): Remembered {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const found = all.find((each) => each.name === name);
  const { containerID = "", restartCount = 0, state, lastState } = found ?? {};
  if (containerID === "" || containerID.replace(/^[^:]*:\/\//, "") === currentId) return { restartCount, lastState: lastState ?? {} };
  const ended = state?.terminated ?? (state?.running === undefined ? undefined : unknownEnd);
  return {
    restartCount: restartCount + (metadata.deletionTimestamp === undefined ? 1 : 0),
    lastState: ended === undefined ? (lastState ?? {}) : { terminated: ended },
  };
}
