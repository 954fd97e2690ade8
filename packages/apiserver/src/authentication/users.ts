import type { UserInfo } from "../registry/contract.ts";

export const authenticatedGroup = "system:authenticated";
export const unauthenticatedGroup = "system:unauthenticated";
export const mastersGroup = "system:masters";

export const anonymousUser: UserInfo = { name: "system:anonymous", groups: [unauthenticatedGroup] };

/** The API server's own identity, for its lookups and what it writes at start. */
export const apiServerUser: UserInfo = { name: "system:apiserver", groups: [mastersGroup, authenticatedGroup] };

/** Adds the group of everyone who proved an identity. */
export function asAuthenticated(user: UserInfo): UserInfo {
  if (user.name === anonymousUser.name || user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup))
    return user;
  return { ...user, groups: [...user.groups, authenticatedGroup] };
}

const serviceAccountPrefix = "system:serviceaccount:";

export function serviceAccountName(namespace: string, name: string): string {
  return `${serviceAccountPrefix}${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

/** The parts of a service account's user name; undefined for other users. */
export function parseServiceAccountName(userName: string): { namespace: string; name: string } | undefined {
  if (!userName.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace = "", name = "", ...rest] = userName.slice(serviceAccountPrefix.length).split(":");
  return namespace === "" || name === "" || rest.length > 0 ? undefined : { namespace, name };
}
