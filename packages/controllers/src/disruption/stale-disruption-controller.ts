import { findCondition, formatTime, hasReason } from "@coracle/apimachinery";
import { resources, type Pod, type PodCondition } from "@coracle/api";
import { watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { isFinished } from "../pod-control/pod-status.ts";

const type = "DisruptionTarget";
/** How long a pod may say that it is about to be disrupted without being deleted. */
const staleAfterMs = 2 * 60_000;

/** Takes back the condition DisruptionTarget of pods that were to be evicted and were not. */
export function createStaleDisruptionController(context: ControllerContext): ControllerDefinition {
  return {
    name: "controllermanager",
    sources: [watchFor(resources.pods, (event, pod) => event !== "delete" && isTarget(pod))],
    reconcile: (key) => reconcile(key, context),
  };
}

/** The kubelet's own terminations may take any time. */
function isTarget(pod: Pod): boolean {
  const condition = findCondition(pod.status?.conditions, type);
  const isOpen = condition?.status === "True" && condition.reason !== "TerminationByKubelet";
  return isOpen && pod.metadata.deletionTimestamp === undefined && !isFinished(pod);
}

async function reconcile(key: string, { client, clock }: ControllerContext): Promise<ReconcileResult | void> {
  const pod = client.informer(resources.pods).get(key);
  if (pod === undefined || !isTarget(pod)) return;
  const since = findCondition(pod.status?.conditions, type)?.lastTransitionTime ?? "";
  const waitMs = Date.parse(since) + staleAfterMs - clock.now();
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === type ? takenBack(condition, clock.now()) : condition,
  );
  try {
    await client.resource(resources.pods, pod.metadata.namespace).updateStatus({ ...pod, status: { ...pod.status, conditions } });
  } catch (error) {
    // The newer pod comes by itself.
    if (!hasReason(error, "NotFound", "Conflict")) throw error;
  }
}

function takenBack({ observedGeneration }: PodCondition, nowMs: number): PodCondition {
  const lastTransitionTime = formatTime(nowMs);
  return { type, status: "False", lastTransitionTime, ...(observedGeneration !== undefined && { observedGeneration }) };
}
