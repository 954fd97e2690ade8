import {
  containersOf,
  containersWhere,
  exceptInUserNamespace,
  exceptOnWindows,
  named,
  quoted,
  sorted,
  type Check,
  type CheckedPod,
  type Finding,
} from "../check.ts";

function privileged(pod: CheckedPod): Finding | undefined {
  const bad = containersWhere(pod, (context) => context?.privileged === true);
  if (bad.length === 0) return undefined;
  return { reason: "privileged", detail: `${named("container", bad)} must not set securityContext.privileged=true` };
}

function allowPrivilegeEscalation(pod: CheckedPod): Finding | undefined {
  const bad = containersWhere(pod, (context) => context?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  const detail = `${named("container", bad)} must set securityContext.allowPrivilegeEscalation=false`;
  return { reason: "allowPrivilegeEscalation != false", detail };
}

const defaultCapabilities: ReadonlySet<string> = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

/** `containers "a" must not include "X" in …`; undefined when all that is added is allowed. */
function forbiddenAdditions(pod: CheckedPod, allowed: ReadonlySet<string>): string | undefined {
  const isForbidden = (name: string): boolean => !allowed.has(name);
  const bad = containersWhere(pod, (context) => (context?.capabilities?.add ?? []).some(isForbidden));
  if (bad.length === 0) return undefined;
  const added = containersOf(pod).flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? []);
  return `${named("container", bad)} must not include ${quoted(sorted(added.filter(isForbidden)))} in securityContext.capabilities.add`;
}

function baselineCapabilities(pod: CheckedPod): Finding | undefined {
  const detail = forbiddenAdditions(pod, defaultCapabilities);
  return detail === undefined ? undefined : { reason: "non-default capabilities", detail };
}

const restrictedAdditions = new Set(["NET_BIND_SERVICE"]);

function restrictedCapabilities(pod: CheckedPod): Finding | undefined {
  const keeping = containersWhere(pod, (context) => !(context?.capabilities?.drop ?? []).includes("ALL"));
  const details = keeping.length === 0 ? [] : [`${named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]`];
  const additions = forbiddenAdditions(pod, restrictedAdditions);
  if (additions !== undefined) details.push(additions);
  return details.length === 0 ? undefined : { reason: "unrestricted capabilities", detail: details.join("; ") };
}

function procMount(pod: CheckedPod): Finding | undefined {
  const typeOf = (type: string | undefined | null): string => type ?? "Default";
  const bad = containersWhere(pod, (context) => typeOf(context?.procMount) !== "Default");
  if (bad.length === 0) return undefined;
  const types = containersOf(pod).map(({ securityContext }) => typeOf(securityContext?.procMount));
  const listed = quoted(sorted(types.filter((type) => type !== "Default")));
  return { reason: "procMount", detail: `${named("container", bad)} must not set securityContext.procMount to ${listed}` };
}

/** What a container may do that others may not. */
export const privilegeChecks: readonly Check[] = [
  { id: "privileged", level: "baseline", revisions: [{ since: 0, check: privileged }] },
  { id: "capabilities_baseline", level: "baseline", revisions: [{ since: 0, check: baselineCapabilities }] },
  {
    id: "procMount",
    level: "baseline",
    revisions: [
      { since: 0, check: procMount },
      { since: 35, check: exceptInUserNamespace(procMount) },
    ],
  },
  { id: "procMount_restricted", level: "restricted", revisions: [{ since: 35, check: procMount, overrides: "procMount" }] },
  {
    id: "allowPrivilegeEscalation",
    level: "restricted",
    revisions: [
      { since: 8, check: allowPrivilegeEscalation },
      { since: 25, check: exceptOnWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: "capabilities_restricted",
    level: "restricted",
    revisions: [
      { since: 22, check: restrictedCapabilities, overrides: "capabilities_baseline" },
      { since: 25, check: exceptOnWindows(restrictedCapabilities), overrides: "capabilities_baseline" },
    ],
  },
];
