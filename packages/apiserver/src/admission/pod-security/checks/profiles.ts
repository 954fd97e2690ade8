import { quoteText } from "@coracle/apimachinery";
import type { PodSecurityContext, SELinuxOptions, SecurityContext } from "@coracle/api";
import {
  containersOf,
  containersWhere,
  exceptOnWindows,
  named,
  plural,
  quoted,
  settersWhere,
  sorted,
  type Check,
  type CheckedPod,
  type CheckPod,
  type Finding,
} from "../check.ts";

const isAllowedProfile = (type: string): boolean => type === "RuntimeDefault" || type === "Localhost";

function contextsOf(pod: CheckedPod): (SecurityContext | PodSecurityContext)[] {
  const contexts = [pod.spec.securityContext, ...containersOf(pod).map(({ securityContext }) => securityContext)];
  return contexts.flatMap((context) => (context === undefined || context === null ? [] : [context]));
}

const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";

function appArmor(pod: CheckedPod): Finding | undefined {
  const isBad = ({ appArmorProfile }: SecurityContext | PodSecurityContext): boolean =>
    appArmorProfile !== undefined && appArmorProfile !== null && !isAllowedProfile(appArmorProfile.type);
  const setters = settersWhere(pod, isBad);
  const values = sorted(
    contextsOf(pod)
      .filter(isBad)
      .map(({ appArmorProfile }) => appArmorProfile?.type ?? ""),
  );
  const annotations = Object.entries(pod.metadata?.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !/^($|runtime\/default$|localhost\/)/.test(value))
    .map(([key, value]) => `${key}=${quoteText(value)}`)
    .sort();
  if (annotations.length > 0) setters.push(plural("annotation", annotations));
  if (setters.length === 0) return undefined;
  const all = [...values, ...annotations];
  const detail = `${setters.join(" and ")} must not set AppArmor profile type to ${quoted(all)}`;
  return { reason: plural("forbidden AppArmor profile", all), detail };
}

const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t"];

function seLinux(types: ReadonlySet<string>): CheckPod {
  const isBadType = ({ type }: SELinuxOptions): boolean => !types.has(type ?? "");
  const isBad = (options: SELinuxOptions): boolean => isBadType(options) || Boolean(options.user) || Boolean(options.role);
  return (pod) => {
    const setters = settersWhere(pod, ({ seLinuxOptions }) => Boolean(seLinuxOptions) && isBad(seLinuxOptions ?? {}));
    if (setters.length === 0) return undefined;
    const all = contextsOf(pod).flatMap(({ seLinuxOptions }) => (seLinuxOptions ? [seLinuxOptions] : []));
    const badTypes = sorted(all.filter(isBadType).map(({ type }) => type ?? ""));
    const data = badTypes.length === 0 ? [] : [named("type", badTypes)];
    if (all.some(({ user }) => user)) data.push("user may not be set");
    if (all.some(({ role }) => role)) data.push("role may not be set");
    return {
      reason: "seLinuxOptions",
      detail: `${setters.join(" and ")} set forbidden securityContext.seLinuxOptions: ${data.join("; ")}`,
    };
  };
}

const seccompPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
const seccompContainerPrefix = "container.seccomp.security.alpha.kubernetes.io/";

/** Before 1.19 the profile was an annotation. */
function seccompAnnotations(pod: CheckedPod): Finding | undefined {
  const annotations = pod.metadata?.annotations ?? {};
  const keys = [seccompPodAnnotation, ...containersOf(pod).map(({ name }) => seccompContainerPrefix + name)];
  const bad = keys.flatMap((key) => {
    const value = annotations[key];
    return value === undefined || /^(runtime\/default$|docker\/default$|localhost\/)/.test(value) ? [] : [`${key}=${quoteText(value)}`];
  });
  if (bad.length === 0) return undefined;
  const forbidden = sorted(bad);
  return { reason: "seccompProfile", detail: `forbidden ${plural("annotation", forbidden)} ${forbidden.join(", ")}` };
}

function seccompBaseline(pod: CheckedPod): Finding | undefined {
  const isBad = ({ seccompProfile }: SecurityContext | PodSecurityContext): boolean =>
    seccompProfile !== undefined && seccompProfile !== null && !isAllowedProfile(seccompProfile.type);
  const setters = settersWhere(pod, isBad);
  if (setters.length === 0) return undefined;
  const values = sorted(
    contextsOf(pod)
      .filter(isBad)
      .map(({ seccompProfile }) => seccompProfile?.type ?? ""),
  );
  const detail = `${setters.join(" and ")} must not set securityContext.seccompProfile.type to ${quoted(values)}`;
  return { reason: "seccompProfile", detail };
}

/** A profile has to be chosen, by the pod or by each container. */
function seccompRestricted(pod: CheckedPod): Finding | undefined {
  const explicit = seccompBaseline(pod);
  if (explicit !== undefined || pod.spec.securityContext?.seccompProfile) return explicit;
  const bad = containersWhere(pod, (context) => !context?.seccompProfile);
  if (bad.length === 0) return undefined;
  const who = `pod or ${named("container", bad)}`;
  return { reason: "seccompProfile", detail: `${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` };
}

/** Mandatory access control and system call filters. */
export const profileChecks: readonly Check[] = [
  { id: "appArmorProfile", level: "baseline", revisions: [{ since: 0, check: appArmor }] },
  {
    id: "seLinuxOptions",
    level: "baseline",
    revisions: [
      { since: 0, check: seLinux(new Set(seLinuxTypes)) },
      { since: 31, check: seLinux(new Set([...seLinuxTypes, "container_engine_t"])) },
    ],
  },
  {
    id: "seccompProfile_baseline",
    level: "baseline",
    revisions: [
      { since: 0, check: seccompAnnotations },
      { since: 19, check: seccompBaseline },
    ],
  },
  {
    id: "seccompProfile_restricted",
    level: "restricted",
    revisions: [
      { since: 19, check: seccompRestricted, overrides: "seccompProfile_baseline" },
      { since: 25, check: exceptOnWindows(seccompRestricted), overrides: "seccompProfile_baseline" },
    ],
  },
];
