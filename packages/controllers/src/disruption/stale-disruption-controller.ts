import { findCondition, formatTime } from "@coracle/apimachinery";
import { resources, type Pod } from "@coracle/api";
import { watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { isFinished } from "../pod-control/pod-status.ts";

/** A pod that was to be disrupted and is not being deleted after this long is left in peace. */
const timeoutMs = 120_000;

/** Takes back the condition DisruptionTarget of pods that were not disrupted after all. */
export function createStaleDisruptionController({ client, clock }: ControllerContext): ControllerDefinition {
  return {
    name: "controllermanager",
    sources: [watchFor(resources.pods, (event, pod) => event !== "delete" && markedAtMs(pod) !== undefined)],
    async reconcile(key): Promise<ReconcileResult | void> {
      const pod = client.informer(resources.pods).get(key);
      const sinceMs = pod === undefined ? undefined : markedAtMs(pod);
      if (pod === undefined || sinceMs === undefined) return;
      const waitMs = sinceMs + timeoutMs - clock.now();
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      const { name = "", namespace, uid, resourceVersion } = pod.metadata;
      const condition = { type: "DisruptionTarget", status: "False", lastTransitionTime: formatTime(clock.now()) };
      const conditions = (pod.status?.conditions ?? []).map((each) => (each.type === condition.type ? condition : each));
      await client
        .resource(resources.pods, namespace)
        .patch(
          name,
          { metadata: { uid, resourceVersion }, status: { conditions } },
          { type: "application/merge-patch+json", subresource: "status" },
        );
    },
  };
}

/** Since when the pod is to be disrupted. What a kubelet says of itself holds however long it takes. */
function markedAtMs(pod: Pod): number | undefined {
  const condition = findCondition(pod.status?.conditions, "DisruptionTarget");
  if (condition?.status !== "True" || condition.reason === "TerminationByKubelet") return undefined;
  if (pod.metadata.deletionTimestamp !== undefined || isFinished(pod)) return undefined;
  return Date.parse(condition.lastTransitionTime ?? "") || 0;
}
