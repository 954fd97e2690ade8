import type { ColumnDefinition, ResourceDefinition, SubresourceDefinition, UnstructuredObject, Verb } from "@coracle/apimachinery";

const allVerbs: readonly Verb[] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

export interface FakeDefinition {
  readonly group?: string;
  readonly version?: string;
  readonly resource: string;
  readonly kind: string;
  readonly isNamespaced?: boolean;
  readonly verbs?: readonly Verb[];
  readonly shortNames?: readonly string[];
  readonly subresources?: readonly string[];
  readonly columns?: readonly ColumnDefinition[];
}

/** A definition for tests, without schema. */
export function fakeDefinition(given: FakeDefinition): ResourceDefinition {
  const { group = "", version = "v1", resource, kind, isNamespaced = true, verbs = allVerbs, columns = [] } = given;
  const subresources = (given.subresources ?? []).map((name): SubresourceDefinition => ({
    name,
    verbs: ["get", "create"],
    kind: { group, version, kind },
  }));
  const selectableFields: Record<string, (object: UnstructuredObject) => string> = {};
  return {
    group,
    resource,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    shortNames: given.shortNames ?? [],
    categories: [],
    isNamespaced,
    verbs,
    versions: [{ version, isServed: true, isStorage: true, schema: { type: "object" }, columns, subresources, selectableFields }],
    storagePath: resource,
    strategy: {},
    isCustom: false,
  };
}

const rbac = "rbac.authorization.k8s.io";
const authorization = "authorization.k8s.io";

/** Enough kinds for a server to start. */
export const fakeDefinitions: readonly ResourceDefinition[] = [
  fakeDefinition({
    resource: "namespaces",
    kind: "Namespace",
    isNamespaced: false,
    shortNames: ["ns"],
    subresources: ["status", "finalize"],
  }),
  fakeDefinition({ resource: "nodes", kind: "Node", isNamespaced: false, subresources: ["status", "proxy"] }),
  fakeDefinition({
    resource: "pods",
    kind: "Pod",
    shortNames: ["po"],
    subresources: ["status", "log", "exec", "attach", "portforward", "proxy"],
  }),
  fakeDefinition({ resource: "services", kind: "Service", subresources: ["status", "proxy"] }),
  fakeDefinition({ resource: "endpoints", kind: "Endpoints" }),
  fakeDefinition({ resource: "configmaps", kind: "ConfigMap", shortNames: ["cm"] }),
  fakeDefinition({ resource: "secrets", kind: "Secret" }),
  fakeDefinition({ resource: "serviceaccounts", kind: "ServiceAccount", shortNames: ["sa"], subresources: ["token"] }),
  fakeDefinition({ resource: "persistentvolumeclaims", kind: "PersistentVolumeClaim" }),
  fakeDefinition({ group: "discovery.k8s.io", resource: "endpointslices", kind: "EndpointSlice" }),
  fakeDefinition({ group: "scheduling.k8s.io", resource: "priorityclasses", kind: "PriorityClass", isNamespaced: false }),
  fakeDefinition({ group: rbac, resource: "clusterroles", kind: "ClusterRole", isNamespaced: false }),
  fakeDefinition({ group: rbac, resource: "clusterrolebindings", kind: "ClusterRoleBinding", isNamespaced: false }),
  fakeDefinition({ group: rbac, resource: "roles", kind: "Role" }),
  fakeDefinition({ group: rbac, resource: "rolebindings", kind: "RoleBinding" }),
  fakeDefinition({
    group: authorization,
    resource: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    isNamespaced: false,
    verbs: ["create"],
  }),
  fakeDefinition({
    group: authorization,
    resource: "selfsubjectrulesreviews",
    kind: "SelfSubjectRulesReview",
    isNamespaced: false,
    verbs: ["create"],
  }),
  fakeDefinition({
    group: "authentication.k8s.io",
    resource: "selfsubjectreviews",
    kind: "SelfSubjectReview",
    isNamespaced: false,
    verbs: ["create"],
  }),
];
