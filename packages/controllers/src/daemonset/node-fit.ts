import type { DaemonSet, Node, Pod, Taint, Toleration } from "@coracle/api";

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
  const isSelected =
    (spec?.nodeName === undefined || spec.nodeName === "" || spec.nodeName === node.metadata.name) &&
    Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => node.metadata.labels?.[key] === value) &&
    matchesAffinity(spec, node);
  if (!isSelected) return { shouldRun: false, mayContinue: false };
  const tolerations = daemonTolerations(spec ?? { containers: [] });
  const untolerated = (node.spec?.taints ?? []).filter((taint) => taint.effect !== "PreferNoSchedule" && !isTolerated(tolerations, taint));
  return { shouldRun: untolerated.length === 0, mayContinue: untolerated.every((taint) => taint.effect !== "NoExecute") };
}

function isTolerated(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(
    (toleration) =>
      ((toleration.effect ?? "") === "" || toleration.effect === taint.effect) &&
      ((toleration.key ?? "") === "" ? toleration.operator === "Exists" : toleration.key === taint.key) &&
      (toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "")),
  );
}

function matchesAffinity(spec: Pod["spec"], node: Node): boolean {
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  return terms.some((term) => {
    const expressions = term.matchExpressions ?? [];
    const fields = term.matchFields ?? [];
    if (expressions.length + fields.length === 0) return false;
    const holds = (operator: string, values: readonly string[], actual: string | undefined): boolean => {
      if (operator === "In") return actual !== undefined && values.includes(actual);
      if (operator === "NotIn") return actual === undefined || !values.includes(actual);
      if (operator === "Exists") return actual !== undefined;
      if (operator === "DoesNotExist") return actual === undefined;
      const [left, right] = [Number(actual), Number(values[0])];
      return operator === "Gt" ? left > right : operator === "Lt" ? left < right : false;
    };
    return (
      expressions.every(({ key, operator, values = [] }) => holds(operator, values, node.metadata.labels?.[key])) &&
      fields.every(({ key, operator, values = [] }) => key === "metadata.name" && holds(operator, values, node.metadata.name))
    );
  });
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
