import { quoteText, type Findings } from "@coracle/apimachinery";
import type { AppArmorProfile, PodSpec, SeccompProfile } from "../../generated/types.ts";
import type { Allowances } from "./allowances.ts";
import { validateDescendingPath } from "./file-paths.ts";
import { validateTolerations } from "./tolerations.ts";
import { containersOf } from "./visit-containers.ts";

/** Annotations of pods that mean something to the API, most of them from before there was a field. */

type Annotations = Readonly<Record<string, string>>;

export const mirrorKey = "kubernetes.io/config.mirror";
export const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
const tolerationsKey = "scheduler.alpha.kubernetes.io/tolerations";
const deletionCostKey = "controller.kubernetes.io/pod-deletion-cost";
export const seccompKey = "seccomp.security.alpha.kubernetes.io/pod";
export const seccompContainerPrefix = "container.seccomp.security.alpha.kubernetes.io/";

interface AnnotatedPod {
  readonly annotations: Annotations;
  readonly spec: Readonly<PodSpec>;
  readonly out: Findings;
  readonly allow: Allowances;
  /** Annotations of the object that is replaced. */
  readonly oldAnnotations?: Annotations | undefined;
}

export function validatePodAnnotations(at: string, pod: AnnotatedPod): void {
  const { annotations, spec, out, allow } = pod;
  const keys = Object.keys(annotations);
  if (keys.length === 0) return;
  const mirror = annotations[mirrorKey];
  if (mirror !== undefined && !spec.nodeName)
    out.invalid(`${at}[${mirrorKey}]`, mirror, "must set spec.nodeName if mirror pod annotation is set");
  const tolerations = annotations[tolerationsKey];
  if (tolerations) validateOldTolerations(tolerations, at, out, allow);
  const cost = annotations[deletionCostKey];
  if (cost !== undefined && !isInt32(cost) && isInt32(pod.oldAnnotations?.[deletionCostKey] ?? "0"))
    out.invalid(`${at}[${deletionCostKey}]`, cost, "must be a 32bit integer");
  for (const key of keys) {
    const value = annotations[key] as string;
    if (key === seccompKey || key.startsWith(seccompContainerPrefix)) validateOldSeccomp(value, `${at}.${key}`, out);
    else if (key.startsWith(appArmorPrefix)) validateOldAppArmor(value, `${at}[${key}]`, key.slice(appArmorPrefix.length), pod);
  }
}

function isInt32(text: string): boolean {
  if (!/^(?:0|-\d+|[1-9]\d*)$/.test(text)) return false;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31;
}

function validateOldTolerations(text: string, at: string, out: Findings, allow: Allowances): void {
  let tolerations: unknown;
  try {
    tolerations = JSON.parse(text);
  } catch (error) {
    return out.invalid(at, tolerationsKey, (error as Error).message);
  }
  if (Array.isArray(tolerations)) validateTolerations(tolerations, `${at}.${tolerationsKey}`, { out, allow });
}

function validateOldSeccomp(profile: string, at: string, out: Findings): void {
  if (profile === "runtime/default" || profile === "docker/default" || profile === "unconfined") return;
  if (profile.startsWith("localhost/")) return validateDescendingPath(profile.slice("localhost/".length), at, out);
  out.invalid(at, profile, "must be a valid seccomp profile");
}

function validateOldAppArmor(profile: string, at: string, container: string, { spec, out }: AnnotatedPod): void {
  const isKnown = containersOf(spec).some((each) => each.container.name === container);
  if (!isKnown) out.invalid(at, container, "container not found");
  if (profile !== "" && profile !== "runtime/default" && profile !== "unconfined" && !profile.startsWith("localhost/"))
    out.invalid(at, profile, `invalid AppArmor profile name: ${quoteText(profile)}`);
}

/** Old annotations may stand beside the fields that replace them, when both say the same. */
export function validateProfilesAgree(annotations: Annotations | undefined, spec: Readonly<PodSpec>, at: string, out: Findings): void {
  if (annotations === undefined) return;
  const compare = (
    key: string,
    profile: SeccompProfile | AppArmorProfile | undefined,
    here: string,
    kind: "seccomp" | "apparmor",
  ): void => {
    const annotation = annotations[key];
    if (annotation === undefined || profile === undefined) return;
    const field = disagreement(annotation, profile, kind);
    if (field === "type") out.forbidden(`${here}.type`, `${kind} type in annotation and field must match`);
    else if (field !== undefined) out.forbidden(`${here}.${field}`, `${kind} profile in annotation and field must match`);
  };
  const ofPod = spec.securityContext;
  compare(seccompKey, ofPod?.seccompProfile, `${at}.securityContext.seccompProfile`, "seccomp");
  for (const { container, path } of containersOf(spec)) {
    const here = `${at}.${path}.securityContext`;
    const own = container.securityContext;
    compare(seccompContainerPrefix + container.name, own?.seccompProfile, `${here}.seccompProfile`, "seccomp");
  }
  if (spec.os?.name === "windows") return;
  for (const { container, path } of containersOf(spec)) {
    const profile = container.securityContext?.appArmorProfile ?? ofPod?.appArmorProfile;
    compare(appArmorPrefix + container.name, profile, `${at}.${path}.securityContext.appArmorProfile`, "apparmor");
  }
}

/** The field that differs from the annotation. */
function disagreement(
  annotation: string,
  { type, localhostProfile }: SeccompProfile | AppArmorProfile,
  kind: "seccomp" | "apparmor",
): "type" | "localhostProfile" | undefined {
  switch (type) {
    case "Unconfined":
      return annotation === "unconfined" ? undefined : "type";
    case "RuntimeDefault":
      return annotation === "runtime/default" || (kind === "seccomp" && annotation === "docker/default") ? undefined : "type";
    case "Localhost":
      if (!annotation.startsWith("localhost/")) return "type";
      return annotation.slice("localhost/".length) === localhostProfile ? undefined : "localhostProfile";
    default:
      return undefined;
  }
}

/** Annotations that a stored pod keeps as they are. */
export function validateAnnotationsUpdate(annotations: Annotations, old: Annotations, at: string, out: Findings): void {
  for (const [key, value] of Object.entries(old)) {
    if (annotations[key] === value) continue;
    if (key.startsWith(appArmorPrefix)) out.forbidden(`${at}[${key}]`, "may not remove or update AppArmor annotations");
    if (key === mirrorKey) out.forbidden(`${at}[${key}]`, "may not remove or update mirror pod annotation");
  }
  for (const key of Object.keys(annotations)) {
    if (old[key] !== undefined) continue;
    if (key.startsWith(appArmorPrefix)) out.forbidden(`${at}[${key}]`, "may not add AppArmor annotations");
    if (key === mirrorKey) out.forbidden(`${at}[${key}]`, "may not add mirror pod annotation");
  }
}
