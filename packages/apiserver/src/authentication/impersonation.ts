import type { IncomingHttpHeaders } from "node:http";
import { newBadRequest } from "@coracle/apimachinery";
import { attributesFor, type Attributes } from "../authorization/attributes.ts";
import type { UserInfo } from "../registry/contract.ts";
import { authenticatedGroup, parseServiceAccountName, serviceAccountGroups, anonymousUser, unauthenticatedGroup } from "./users.ts";

const extraPrefix = "impersonate-extra-";

/**
 * The user that `Impersonate-…` headers ask for; undefined when there are none. `demand` throws unless the real user may impersonate
 * what the attributes name.
 * @throws {StatusError} 400 when groups, uid or extra come without a user.
 */
export function impersonate(real: UserInfo, headers: IncomingHttpHeaders, demand: (attributes: Attributes) => void): UserInfo | undefined {
  const name = first(headers["impersonate-user"]);
  const groups = list(headers["impersonate-group"]);
  const uid = first(headers["impersonate-uid"]);
  const extra = readExtra(headers);
  if (name === undefined) {
    if (groups.length === 0 && uid === undefined && extra.size === 0) return undefined;
    throw newBadRequest("requested impersonation without impersonating a user");
  }
  const account = parseServiceAccountName(name);
  const ask = (resource: string, value: string, more: Partial<Attributes> = {}): void =>
    demand(attributesFor(real, { verb: "impersonate", version: "v1", resource, name: value, ...more }));
  if (account === undefined) ask("users", name);
  else ask("serviceaccounts", account.name, { namespace: account.namespace });
  for (const group of groups) ask("groups", group);
  const authentication = { group: "authentication.k8s.io" };
  if (uid !== undefined) ask("uids", uid, authentication);
  for (const [key, values] of extra) for (const value of values) ask("userextras", value, { ...authentication, subresource: key });
  return {
    name,
    groups: withImpliedGroups(name, groups),
    ...(uid !== undefined && { uid }),
    ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
  };
}

function withImpliedGroups(name: string, asked: readonly string[]): string[] {
  const account = parseServiceAccountName(name);
  // A service account brings its groups, unless the caller chose.
  const groups = account !== undefined && asked.length === 0 ? serviceAccountGroups(account.namespace) : [...asked];
  const implied = name === anonymousUser.name ? unauthenticatedGroup : authenticatedGroup;
  if (!groups.includes(authenticatedGroup) && !groups.includes(unauthenticatedGroup)) groups.push(implied);
  return groups;
}

function readExtra(headers: IncomingHttpHeaders): Map<string, string[]> {
  const extra = new Map<string, string[]>();
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(extraPrefix)) continue;
    extra.set(decode(header.slice(extraPrefix.length)), list(value));
  }
  return extra;
}

function decode(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function first(value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  return text === "" ? undefined : text;
}

/** Node joins repeated headers with a comma, which groups may not contain. */
function list(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : value.split(",")).map((item) => item.trim()).filter((item) => item !== "");
}
