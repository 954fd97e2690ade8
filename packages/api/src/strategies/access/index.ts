import type { ResourceStrategy } from "@coracle/apimachinery";
import { clusterRoleBindings, roleBindings } from "./role-bindings.ts";
import { clusterRoles, roles } from "./roles.ts";

const group = "rbac.authorization.k8s.io";

export const accessStrategies: Readonly<Record<string, ResourceStrategy>> = {
  [`clusterrolebindings.${group}`]: clusterRoleBindings,
  [`clusterroles.${group}`]: clusterRoles,
  [`rolebindings.${group}`]: roleBindings,
  [`roles.${group}`]: roles,
};
