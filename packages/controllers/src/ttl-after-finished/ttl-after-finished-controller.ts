import { hasReason, parseObjectKey } from "@coracle/apimachinery";
import { resources, type Job } from "@coracle/api";
import { watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { finishedAtMs } from "../job/finish-time.ts";

/** Deletes Jobs, and their pods, when `ttlSecondsAfterFinished` have gone by since they finished. */
export function createTtlAfterFinishedController({ client, clock }: ControllerContext): ControllerDefinition {
  return {
    name: "ttl-after-finished-controller",
    concurrency: 5,
    sources: [watchFor(resources.jobs)],
    async reconcile(key): Promise<ReconcileResult | void> {
      const cached = client.informer(resources.jobs).get(key);
      const waitMs = cached === undefined ? undefined : remainingMs(cached, clock.now());
      if (waitMs === undefined) return;
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      const { namespace, name } = parseObjectKey(key);
      const requests = client.resource(resources.jobs, namespace);
      try {
        // The cache may be behind somebody who gave the Job a longer life.
        const job = await requests.get(name);
        const leftMs = remainingMs(job, clock.now());
        if (leftMs === undefined) return;
        if (leftMs > 0) return { requeueAfterMs: leftMs };
        const { uid } = job.metadata;
        await requests.delete(name, { propagationPolicy: "Foreground", ...(uid !== undefined && { preconditions: { uid } }) });
      } catch (error) {
        if (!hasReason(error, "NotFound")) throw error;
      }
    },
  };
}

/** Until the Job is to go; undefined when it has not finished, stays, or goes already. */
function remainingMs(job: Job, nowMs: number): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  const finishedMs = finishedAtMs(job);
  if (ttl === undefined || finishedMs === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  return finishedMs + ttl * 1000 - nowMs;
}
