import { formatTime } from "@coracle/apimachinery";
import type { Kubelet } from "../kubelet.ts";

/** `/stats/summary` as far as it is known: which pods and containers there are and since when, no usage. */
export function statsSummary(kubelets: Iterable<Kubelet>, nowMs: number): unknown {
  const [first, ...others] = [...kubelets];
  const pods = [first, ...others].flatMap((kubelet) => kubelet?.pods() ?? []);
  const time = formatTime(nowMs);
  return {
    node: { nodeName: first?.nodeName ?? "", startTime: time },
    pods: pods.map(({ metadata, status }) => ({
      podRef: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
      startTime: status?.startTime ?? time,
      containers: (status?.containerStatuses ?? []).flatMap(({ name, state }) =>
        state?.running === undefined ? [] : [{ name, startTime: state.running.startedAt }],
      ),
    })),
  };
}
