import type { Clock, Logger } from "@coracle/base";
import { findCondition, formatTime, hasReason, objectKey } from "@coracle/apimachinery";
import { resources, type Pod } from "@coracle/api";
import type { Client, EventRecorder } from "@coracle/client";

export interface FailureReporter {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
}

export interface SchedulingFailure {
  readonly message: string;
  /** Where room is being made for the pod. */
  readonly nominatedNode: string | undefined;
}

/** An event, and the condition PodScheduled=False that `kubectl describe` and autoscalers read. Writes nothing that is there already. */
export function reportFailure({ client, clock, events, log }: FailureReporter, pod: Pod, failure: SchedulingFailure): void {
  const { message, nominatedNode } = failure;
  events.record(pod, "Warning", "FailedScheduling", message);
  const known = findCondition(pod.status?.conditions, "PodScheduled");
  const nominatedNodeName = nominatedNode ?? null;
  const isNominated = (pod.status?.nominatedNodeName ?? null) === nominatedNodeName;
  if (isNominated && known?.status === "False" && known.reason === "Unschedulable" && known.message === message) return;
  const lastTransitionTime = known?.status === "False" ? known.lastTransitionTime : formatTime(clock.now());
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastTransitionTime };
  const { name = "", namespace } = pod.metadata;
  client
    .resource(resources.pods, namespace)
    .patch(
      name,
      { status: { conditions: [condition], ...(!isNominated && { nominatedNodeName }) } },
      { type: "application/strategic-merge-patch+json", subresource: "status" },
    )
    .catch(
      (error: unknown) => hasReason(error, "NotFound") || log.warn("cannot report a pod as unschedulable", { pod: objectKey(pod), error }),
    );
}
