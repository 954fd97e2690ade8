import { allowsNode, tolerates, type DaemonSet, type Node, type Pod, type Toleration } from "@coracle/api";

/** Conditions that daemons run in spite of. */
const toleratedTaints: readonly Pick<Toleration, "key" | "effect">[] = [
  { key: "node.kubernetes.io/not-ready", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" },
];

/** The tolerations that every daemon pod gets besides its own. */
export function daemonTolerations(spec: NonNullable<Pod["spec"]>): Toleration[] {
  const network = { key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" };
  const own = spec.tolerations ?? [];
  const added = [...toleratedTaints, ...(spec.hostNetwork === true ? [network] : [])].map((taint) => ({ ...taint, operator: "Exists" }));
  return [
    ...own,
    ...added.filter(
      (toleration) =>
        !own.some((entry) => entry.key === toleration.key && entry.effect === toleration.effect && entry.operator === "Exists"),
    ),
  ];
}

/** Whether a daemon should be started on a node, and whether one that is there may stay. */
export function nodeFit(set: DaemonSet, node: Node): { shouldRun: boolean; mayContinue: boolean } {
  const spec = set.spec?.template?.spec;
  const isSelected = ((spec?.nodeName ?? "") === "" || spec?.nodeName === node.metadata.name) && allowsNode(spec, node);
  if (!isSelected) return { shouldRun: false, mayContinue: false };
  const tolerations = daemonTolerations(spec ?? { containers: [] });
  const untolerated = (node.spec?.taints ?? []).filter((taint) => taint.effect !== "PreferNoSchedule" && !tolerates(tolerations, taint));
  return { shouldRun: untolerated.length === 0, mayContinue: untolerated.every((taint) => taint.effect !== "NoExecute") };
}

/** Pins a daemon's pod to its node: the scheduler still decides, but has one choice. */
export function pinToNode(spec: NonNullable<Pod["spec"]>, nodeName: string): NonNullable<Pod["spec"]> {
  const pin = { matchFields: [{ key: "metadata.name", operator: "In", values: [nodeName] }] };
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const nodeSelectorTerms = required === undefined ? [pin] : required.nodeSelectorTerms.map((term) => ({ ...term, ...pin }));
  return {
    ...spec,
    tolerations: daemonTolerations(spec),
    affinity: {
      ...spec.affinity,
      nodeAffinity: { ...spec.affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  };
}

/** The node a daemon's pod is for, whether it is bound yet or not. */
export function targetNode(pod: Pod): string {
  if ((pod.spec?.nodeName ?? "") !== "") return pod.spec?.nodeName ?? "";
  for (const term of pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []) {
    const field = term.matchFields?.find((entry) => entry.key === "metadata.name" && entry.operator === "In");
    if (field?.values?.length === 1) return field.values[0] ?? "";
  }
  return "";
}
