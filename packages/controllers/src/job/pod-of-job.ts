import type { Job, Pod } from "@coracle/api";
import { podFromTemplate } from "../pod-control/pod-control.ts";
import { indexAnnotation, trackingFinalizer } from "./job-progress.ts";

/** A pod of a Job, and, of an Indexed one, for an index. */
export function podOf(job: Job, index: number | undefined): Pod {
  const pod = podFromTemplate(job, job.spec?.template ?? {});
  const finalizers = [...(pod.metadata.finalizers ?? []), trackingFinalizer];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const text = String(index);
  const env = {
    name: "JOB_COMPLETION_INDEX",
    valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: `metadata.labels['${indexAnnotation}']` } },
  };
  const withIndex = <C extends { env?: unknown[] }>(container: C): C => ({ ...container, env: [...(container.env ?? []), env] });
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${job.metadata.name}-${text}-`,
      finalizers,
      labels: { ...pod.metadata.labels, [indexAnnotation]: text },
      annotations: { ...pod.metadata.annotations, [indexAnnotation]: text },
    },
    spec: {
      ...pod.spec,
      hostname: `${job.metadata.name}-${text}`,
      containers: (pod.spec?.containers ?? []).map((container) => withIndex(container as typeof container & { env?: unknown[] })),
      ...(pod.spec?.initContainers === undefined
        ? {}
        : { initContainers: pod.spec.initContainers.map((container) => withIndex(container as typeof container & { env?: unknown[] })) }),
    },
  };
}
