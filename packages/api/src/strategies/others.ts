import {
  indexPath,
  invalidField,
  nameRule,
  pathSegmentErrors,
  requiredField,
  unsupportedField,
  validateImmutable,
  wildcardSubdomainErrors,
  dnsSubdomainErrors,
  type FieldError,
  type ResourceStrategy,
} from "@coracle/apimachinery";
import type {
  ClusterRole,
  ClusterRoleBinding,
  EndpointSlice,
  HorizontalPodAutoscaler,
  Ingress,
  Lease,
  NetworkPolicy,
  PodDisruptionBudget,
  PriorityClass,
  Role,
  RoleBinding,
  StorageClass,
} from "../generated/types.ts";
import { strategyOf } from "./hooks.ts";
import { oneOf, texts } from "./pod-validation.ts";

const rbacGroup = "rbac.authorization.k8s.io";
const rbacNames = { validateName: nameRule(pathSegmentErrors), allowCreateOnUpdate: true };

const roles = strategyOf<Role | ClusterRole>({ hasStatus: false, validate: validateRules, more: rbacNames });

function validateRules(role: Readonly<Role | ClusterRole>): FieldError[] {
  return (role.rules ?? []).flatMap((rule, index) => {
    const at = indexPath("rules", index);
    const errors = (rule.verbs ?? []).length === 0 ? [requiredField(`${at}.verbs`, "verbs must contain at least one value")] : [];
    const hasUrls = (rule.nonResourceURLs ?? []).length > 0;
    if (hasUrls && role.kind === "Role")
      errors.push(invalidField(`${at}.nonResourceURLs`, rule.nonResourceURLs, "namespaced rules cannot apply to non-resource URLs"));
    if (hasUrls) return errors;
    if ((rule.apiGroups ?? []).length === 0)
      errors.push(requiredField(`${at}.apiGroups`, "resource rules must supply at least one api group"));
    if ((rule.resources ?? []).length === 0)
      errors.push(requiredField(`${at}.resources`, "resource rules must supply at least one resource"));
    return errors;
  });
}

const bindings = strategyOf<RoleBinding | ClusterRoleBinding>({
  hasStatus: false,
  defaults(binding) {
    if (binding.roleRef !== undefined) binding.roleRef.apiGroup = binding.roleRef.apiGroup || rbacGroup;
    for (const subject of binding.subjects ?? []) subject.apiGroup ??= subject.kind === "ServiceAccount" ? "" : rbacGroup;
  },
  validate(binding) {
    const kinds = binding.kind === "ClusterRoleBinding" ? ["ClusterRole"] : ["ClusterRole", "Role"];
    const errors = oneOf(binding.roleRef?.kind, kinds, "roleRef.kind");
    if ((binding.roleRef?.name ?? "") === "") errors.push(requiredField("roleRef.name"));
    for (const [index, subject] of (binding.subjects ?? []).entries()) {
      const at = indexPath("subjects", index);
      if (subject.name === "") errors.push(requiredField(`${at}.name`));
      if (!["Group", "ServiceAccount", "User"].includes(subject.kind))
        errors.push(unsupportedField(`${at}.kind`, subject.kind, ["ServiceAccount", "User", "Group"]));
      if (subject.kind === "ServiceAccount" && (subject.namespace ?? "") === "" && binding.kind === "ClusterRoleBinding")
        errors.push(requiredField(`${at}.namespace`));
    }
    return errors;
  },
  validateUpdate: (binding, old) =>
    validateImmutable(binding.roleRef, old.roleRef, "roleRef").length === 0
      ? []
      : [invalidField("roleRef", binding.roleRef, "cannot change roleRef")],
  more: rbacNames,
});

const ingresses = strategyOf<Ingress>({
  validate(ingress) {
    const errors: FieldError[] = [];
    const { rules = [], defaultBackend } = ingress.spec ?? {};
    if (rules.length === 0 && defaultBackend === undefined)
      errors.push(invalidField("spec", rules, "either `defaultBackend` or `rules` must be specified"));
    for (const [index, rule] of rules.entries()) {
      const at = indexPath("spec.rules", index);
      const { host = "" } = rule;
      if (host !== "")
        errors.push(...texts(host.includes("*") ? wildcardSubdomainErrors(host) : dnsSubdomainErrors(host), `${at}.host`, host));
      for (const [position, path] of (rule.http?.paths ?? []).entries()) {
        const here = indexPath(`${at}.http.paths`, position);
        const isKnown = ["Exact", "Prefix", "ImplementationSpecific"].includes(path.pathType ?? "");
        if (path.pathType === undefined || path.pathType === "")
          errors.push(requiredField(`${here}.pathType`, "pathType must be specified"));
        else if (!isKnown) errors.push(unsupportedField(`${here}.pathType`, path.pathType, ["Exact", "ImplementationSpecific", "Prefix"]));
        if (path.pathType !== "ImplementationSpecific" && !(path.path ?? "").startsWith("/"))
          errors.push(invalidField(`${here}.path`, path.path ?? "", "must be an absolute path"));
        if (path.backend?.service !== undefined && path.backend.service.name === "")
          errors.push(requiredField(`${here}.backend.service.name`));
      }
    }
    return errors;
  },
});

const storageClasses = strategyOf<StorageClass>({
  hasStatus: false,
  defaults(storageClass) {
    storageClass.reclaimPolicy ??= "Delete";
    storageClass.volumeBindingMode ??= "Immediate";
  },
  validate(storageClass) {
    const errors = storageClass.provisioner === "" || storageClass.provisioner === undefined ? [requiredField("provisioner")] : [];
    errors.push(...oneOf(storageClass.reclaimPolicy, ["Delete", "Retain"], "reclaimPolicy"));
    return [...errors, ...oneOf(storageClass.volumeBindingMode, ["Immediate", "WaitForFirstConsumer"], "volumeBindingMode")];
  },
  validateUpdate: (storageClass, old) => [
    ...validateImmutable(storageClass.parameters, old.parameters, "parameters"),
    ...validateImmutable(storageClass.provisioner, old.provisioner, "provisioner"),
    ...validateImmutable(storageClass.reclaimPolicy, old.reclaimPolicy, "reclaimPolicy"),
    ...validateImmutable(storageClass.volumeBindingMode, old.volumeBindingMode, "volumeBindingMode"),
  ],
});

const endpointSlices = strategyOf<EndpointSlice>({
  hasStatus: false,
  defaults(slice) {
    for (const port of slice.ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  validate: (slice) => oneOf(slice.addressType, ["FQDN", "IPv4", "IPv6"], "addressType"),
  validateUpdate: (slice, old) => validateImmutable(slice.addressType, old.addressType, "addressType"),
});

const leases = strategyOf<Lease>({
  hasStatus: false,
  validate(lease) {
    const seconds = lease.spec?.leaseDurationSeconds;
    return seconds !== undefined && seconds <= 0 ? [invalidField("spec.leaseDurationSeconds", seconds, "must be greater than 0")] : [];
  },
  more: { allowCreateOnUpdate: true, allowUnconditionalUpdate: false },
});

const networkPolicies = strategyOf<NetworkPolicy>({
  hasStatus: false,
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.policyTypes ??= (spec.egress ?? []).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of rule.ports ?? []) port.protocol ??= "TCP";
  },
});

const autoscalers = strategyOf<HorizontalPodAutoscaler>({ defaults: ({ spec }) => void (spec !== undefined && (spec.minReplicas ??= 1)) });
const budgets = strategyOf<PodDisruptionBudget>({});
const priorityClasses = strategyOf<PriorityClass>({
  hasStatus: false,
  defaults: (priority) => void (priority.preemptionPolicy ??= "PreemptLowerPriority"),
  validateUpdate: (priority, old) => validateImmutable(priority.value, old.value, "value"),
});

export const otherStrategies: Readonly<Record<string, ResourceStrategy>> = {
  [`roles.${rbacGroup}`]: roles,
  [`clusterroles.${rbacGroup}`]: roles,
  [`rolebindings.${rbacGroup}`]: bindings,
  [`clusterrolebindings.${rbacGroup}`]: bindings,
  "ingresses.networking.k8s.io": ingresses,
  "networkpolicies.networking.k8s.io": networkPolicies,
  "storageclasses.storage.k8s.io": storageClasses,
  "endpointslices.discovery.k8s.io": endpointSlices,
  "leases.coordination.k8s.io": leases,
  "horizontalpodautoscalers.autoscaling": autoscalers,
  "poddisruptionbudgets.policy": budgets,
  "priorityclasses.scheduling.k8s.io": priorityClasses,
};
