import type { KubeObject, UnstructuredObject } from "@coracle/apimachinery";
import { rbacText } from "../generated/rbac.ts";

/** A role or binding as the data has it; what is empty is left out. */
interface Fact {
  readonly k: "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding";
  readonly n: string;
  readonly ns?: string;
  readonly l?: Record<string, string>;
  readonly a?: Record<string, string>;
  readonly agg?: readonly Record<string, string>[];
  readonly rules?: readonly {
    readonly v: string[];
    readonly g?: string[];
    readonly r?: string[];
    readonly rn?: string[];
    readonly u?: string[];
  }[];
  readonly ref?: readonly [kind: string, name: string];
  readonly sub?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

const group = "rbac.authorization.k8s.io";
/** Marks what the server made, and lets it mend what was changed. */
const common = {
  labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
  annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
};

/** The roles and bindings that every cluster starts with, as kube-apiserver 1.36 makes them. */
export function bootstrapRbac(): readonly UnstructuredObject[] {
  return (JSON.parse(rbacText) as readonly Fact[]).map(objectOf);
}

function objectOf(fact: Fact): UnstructuredObject {
  const metadata: KubeObject["metadata"] = {
    name: fact.n,
    ...(fact.ns !== undefined && { namespace: fact.ns }),
    labels: { ...common.labels, ...fact.l },
    annotations: { ...common.annotations, ...fact.a },
  };
  const object = { apiVersion: `${group}/v1`, kind: fact.k, metadata };
  if (fact.ref !== undefined) {
    const [kind, name] = fact.ref;
    const subjects = (fact.sub ?? []).map((subject) => (subject.kind === "ServiceAccount" ? subject : { ...subject, apiGroup: group }));
    return { ...object, roleRef: { apiGroup: group, kind, name }, subjects };
  }
  const aggregation =
    fact.agg === undefined ? {} : { aggregationRule: { clusterRoleSelectors: fact.agg.map((matchLabels) => ({ matchLabels })) } };
  const rules = (fact.rules ?? []).map(({ v, g, r, rn, u }) => ({
    verbs: v,
    ...(g !== undefined && { apiGroups: g }),
    ...(r !== undefined && { resources: r }),
    ...(rn !== undefined && { resourceNames: rn }),
    ...(u !== undefined && { nonResourceURLs: u }),
  }));
  return { ...object, ...aggregation, rules };
}
