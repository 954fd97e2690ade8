import { dnsSubdomainErrors, pathSegmentErrors, semanticEqual, type Findings, type ResourceStrategy } from "@coracle/apimachinery";
import type { ClusterRoleBinding, RoleBinding, Subject } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";
import { rbacNames } from "./roles.ts";

const group = "rbac.authorization.k8s.io";
const noRole = { apiGroup: "", kind: "", name: "" };

export const roleBindings = bindingStrategy(["Role", "ClusterRole"], true);
export const clusterRoleBindings = bindingStrategy(["ClusterRole"], false);

function bindingStrategy(kinds: readonly string[], isNamespaced: boolean): ResourceStrategy {
  return strategyOf<RoleBinding | ClusterRoleBinding>({
    hasStatus: false,
    defaults(binding) {
      if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= group;
      for (const subject of binding.subjects ?? [])
        if (!subject.apiGroup && (subject.kind === "User" || subject.kind === "Group")) subject.apiGroup = group;
    },
    validate({ roleRef = noRole, subjects }, out) {
      if (roleRef.apiGroup !== group) out.unsupported("roleRef.apiGroup", roleRef.apiGroup ?? "", [group]);
      if (!kinds.includes(roleRef.kind)) out.unsupported("roleRef.kind", roleRef.kind ?? "", kinds);
      if (out.present(roleRef.name, "roleRef.name")) out.messages("roleRef.name", roleRef.name, pathSegmentErrors(roleRef.name));
      for (const [index, subject] of (subjects ?? []).entries()) validateSubject(subject, isNamespaced, `subjects[${index}]`, out);
    },
    validateUpdate({ roleRef }, old, out) {
      if (!semanticEqual(roleRef, old.roleRef)) out.invalid("roleRef", goForm("rbac/v1.RoleRef", roleRef), "cannot change roleRef");
    },
    more: rbacNames,
  });
}

function validateSubject(subject: Readonly<Subject>, isNamespaced: boolean, at: string, out: Findings): void {
  const { kind = "", name = "", apiGroup = "", namespace = "" } = subject;
  out.present(name, `${at}.name`);
  if (kind === "ServiceAccount") {
    if (name !== "") out.messages(`${at}.name`, name, dnsSubdomainErrors(name));
    if (apiGroup !== "") out.unsupported(`${at}.apiGroup`, apiGroup, [""]);
    if (!isNamespaced && namespace === "") out.required(`${at}.namespace`);
  } else if (kind === "User" || kind === "Group") {
    if (apiGroup !== group) out.unsupported(`${at}.apiGroup`, apiGroup, [group]);
  } else out.unsupported(`${at}.kind`, kind, ["ServiceAccount", "User", "Group"]);
}
