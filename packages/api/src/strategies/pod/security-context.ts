import { supportedValues, type Findings } from "@coracle/apimachinery";
import type { AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext } from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import { goForm } from "../shared/go-form.ts";
import type { PodContext } from "./context.ts";
import { validateDescendingPath } from "./file-paths.ts";
import { validateSysctls } from "./sysctls.ts";
import { validateWindowsOptions } from "./windows.ts";

const groupChangePolicies = enumOf("core/v1.PodFSGroupChangePolicy");
const supplementalPolicies = enumOf("core/v1.SupplementalGroupsPolicy");
const seLinuxPolicies = enumOf("core/v1.PodSELinuxChangePolicy");
const seLinuxPoliciesNow = supportedValues("Recursive");
const procMounts = enumOf("core/v1.ProcMountType");
// In upstream's order, which is not that of the alphabet.
const profileTypes = supportedValues("Localhost", "RuntimeDefault", "Unconfined");
const profileLimitBytes = 4095;

export function validatePodSecurityContext(context: Readonly<PodSecurityContext>, at: string, pod: PodContext): void {
  const { out, spec, allow } = pod;
  out.id(context.fsGroup, `${at}.fsGroup`);
  out.id(context.runAsUser, `${at}.runAsUser`);
  out.id(context.runAsGroup, `${at}.runAsGroup`);
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) out.id(group, `${at}.supplementalGroups[${index}]`);
  if (spec.shareProcessNamespace === true && spec.hostPID === true)
    out.invalid(`${at}.shareProcessNamespace`, true, "ShareProcessNamespace and HostPID cannot both be enabled");
  if (context.sysctls !== undefined) validateSysctls(`${at}.sysctls`, pod);
  out.optionalOneOf(context.fsGroupChangePolicy, groupChangePolicies, `${at}.fsGroupChangePolicy`);
  if (context.seccompProfile !== undefined) validateSeccomp(context.seccompProfile, `${at}.seccompProfile`, out);
  if (context.windowsOptions !== undefined) validateWindowsOptions(context.windowsOptions, `${at}.windowsOptions`, out);
  if (context.appArmorProfile !== undefined) validateAppArmor(context.appArmorProfile, `${at}.appArmorProfile`, out);
  out.optionalOneOf(context.supplementalGroupsPolicy, supplementalPolicies, `${at}.supplementalGroupsPolicy`);
  const policy = context.seLinuxChangePolicy;
  // Other policies than Recursive come with SELinuxMount (KEP-1710), which is off.
  if (policy !== undefined && policy !== "Recursive")
    out.oneOf(policy, allow.seLinuxChangePolicies() ? seLinuxPolicies : seLinuxPoliciesNow, `${at}.seLinuxChangePolicy`);
}

export function validateSecurityContext(context: Readonly<SecurityContext>, at: string, { out, spec }: PodContext): void {
  out.id(context.runAsUser, `${at}.runAsUser`);
  out.id(context.runAsGroup, `${at}.runAsGroup`);
  if (context.procMount !== undefined) {
    out.oneOf(context.procMount, procMounts, `${at}.procMount`);
    if (context.procMount === "Unmasked" && spec.hostUsers !== false)
      out.invalid(`${at}.procMount`, context.procMount, "`hostUsers` must be false to use `Unmasked`");
  }
  if (context.seccompProfile !== undefined) validateSeccomp(context.seccompProfile, `${at}.seccompProfile`, out);
  if (context.allowPrivilegeEscalation === false) {
    const shown = (): unknown => goForm("core/v1.SecurityContext", context);
    if (context.privileged === true) out.invalid(at, shown(), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
    for (const capability of context.capabilities?.add ?? [])
      if (capability === "CAP_SYS_ADMIN")
        out.invalid(at, shown(), "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
  }
  if (context.windowsOptions !== undefined) validateWindowsOptions(context.windowsOptions, `${at}.windowsOptions`, out);
  if (context.appArmorProfile !== undefined) validateAppArmor(context.appArmorProfile, `${at}.appArmorProfile`, out);
}

function validateSeccomp(profile: Readonly<SeccompProfile>, at: string, out: Findings): void {
  const { type, localhostProfile } = profile;
  if (!type) out.required(`${at}.type`, "type is required when seccompProfile is set");
  else out.oneOf(type, profileTypes, `${at}.type`);
  if (type === "Localhost") {
    if (localhostProfile === undefined) out.required(`${at}.localhostProfile`, "must be set when seccomp type is Localhost");
    else validateDescendingPath(localhostProfile, `${at}.localhostProfile`, out);
  } else if (localhostProfile !== undefined)
    out.invalid(`${at}.localhostProfile`, goForm("core/v1.SeccompProfile", profile), "can only be set when seccomp type is Localhost");
}

export function validateAppArmor({ type, localhostProfile }: Readonly<AppArmorProfile>, at: string, out: Findings): void {
  const here = `${at}.localhostProfile`;
  if (!type) out.required(`${at}.type`, "type is required when appArmorProfile is set");
  else if (!profileTypes.has(type)) out.unsupported(`${at}.type`, type, profileTypes.values);
  else if (type !== "Localhost") {
    if (localhostProfile !== undefined) out.invalid(here, localhostProfile, "can only be set when AppArmor type is Localhost");
  } else if (localhostProfile === undefined) out.required(here, "must be set when AppArmor type is Localhost");
  else {
    if (localhostProfile.trim() !== localhostProfile) out.invalid(here, localhostProfile, "must not be padded with whitespace");
    else if (localhostProfile === "") out.required(here, "must be set when AppArmor type is Localhost");
    if (localhostProfile.length > profileLimitBytes) out.tooLong(here, profileLimitBytes);
  }
}
