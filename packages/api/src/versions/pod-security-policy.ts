import {
  dnsSubdomainErrors,
  nameRule,
  unsupportedField,
  type ColumnDefinition,
  type FieldError,
  type ResourceStrategy,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { objectAt } from "./fields.ts";

const rules: readonly (readonly [field: string, supported: readonly string[]])[] = [
  ["fsGroup", ["MayRunAs", "MustRunAs", "RunAsAny"]],
  ["runAsUser", ["MustRunAs", "MustRunAsNonRoot", "RunAsAny"]],
  ["seLinux", ["MustRunAs", "RunAsAny"]],
  ["supplementalGroups", ["MayRunAs", "MustRunAs", "RunAsAny"]],
];

/** Policies are kept so that old manifests apply, and nobody acts on them: PodSecurity admission took their place. */
export const podSecurityPolicyStrategy: ResourceStrategy = {
  validateName: nameRule(dnsSubdomainErrors),
  validateCreate: (policy) => validate(policy),
  validateUpdate: (policy) => validate(policy),
};

function validate(policy: Readonly<UnstructuredObject>): FieldError[] {
  return rules.flatMap(([field, supported]) => {
    const rule = String(objectAt(policy, "spec", field)?.["rule"] ?? "");
    return supported.includes(rule) ? [] : [unsupportedField(`spec.${field}.rule`, rule, supported)];
  });
}

const text = (name: string, ...path: readonly string[]): ColumnDefinition => ({
  name,
  type: "string",
  priority: 0,
  cell(policy) {
    const owner = objectAt(policy, "spec", ...path.slice(0, -1));
    const value = owner?.[path.at(-1) ?? ""];
    return Array.isArray(value) ? value.join(",") : String(value ?? "");
  },
});

const flag = (name: string, field: string): ColumnDefinition => ({
  name,
  type: "string",
  priority: 0,
  cell: (policy) => String(objectAt(policy, "spec")?.[field] === true),
});

/** As `kubectl get podsecuritypolicies` showed them. */
export const podSecurityPolicyColumns: readonly ColumnDefinition[] = [
  { name: "Name", type: "string", format: "name", priority: 0, cell: ({ metadata }) => metadata.name ?? "" },
  flag("Priv", "privileged"),
  text("Caps", "allowedCapabilities"),
  text("SELinux", "seLinux", "rule"),
  text("RunAsUser", "runAsUser", "rule"),
  text("FSGroup", "fsGroup", "rule"),
  text("SupGroup", "supplementalGroups", "rule"),
  flag("ReadOnlyRootFs", "readOnlyRootFilesystem"),
  text("Volumes", "volumes"),
];
