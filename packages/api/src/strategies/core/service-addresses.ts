import { supportedValues, type Findings } from "@coracle/apimachinery";
import type { ServiceSpec } from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import { validateLegacyIp } from "../shared/endpoint-ip.ts";
import { isHeadless } from "./service-types.ts";

const families = supportedValues("IPv4", "IPv6");
const familyPolicies = enumOf("core/v1.IPFamilyPolicy");

/** Cluster addresses and their families. */
export function validateAddresses(spec: Readonly<ServiceSpec>, old: Readonly<ServiceSpec> | undefined, out: Findings): void {
  if (spec.type === "ExternalName") return;
  const { clusterIP = "", clusterIPs = [], ipFamilies = [] } = spec;
  const at = "spec.clusterIPs";
  if (clusterIP === "") {
    if (clusterIPs.length > 0) out.invalid(at, clusterIPs, "must be empty when `clusterIP` is not specified");
  } else if (clusterIPs.length === 0) out.required(at);
  else if (clusterIPs[0] !== clusterIP) out.invalid(at, clusterIPs, "first value must match `clusterIP`");
  const seen = new Set<string>();
  for (const [index, family] of ipFamilies.entries()) {
    out.oneOf(family, families, `spec.ipFamilies[${index}]`);
    if (seen.has(family)) out.duplicate(`spec.ipFamilies[${index}]`, family);
    seen.add(family);
  }
  out.optionalOneOf(spec.ipFamilyPolicy, familyPolicies, "spec.ipFamilyPolicy");
  if (!validateForm(clusterIPs, old?.clusterIPs ?? [], out)) return;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map((ip) => ip.includes(":"))).size < 2)
    out.invalid(at, clusterIPs, "may specify no more than one IP for each IP family");
  if (isHeadless(spec)) return;
  for (const [index, ip] of clusterIPs.slice(0, ipFamilies.length).entries()) {
    const family = ipFamilies[index];
    const isV6 = ip.includes(":");
    if ((family === "IPv4" && isV6) || (family === "IPv6" && !isV6))
      out.invalid(`${at}[${index}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``);
  }
}

/** Whether all are addresses. */
function validateForm(clusterIPs: readonly string[], kept: readonly string[], out: Findings): boolean {
  const at = "spec.clusterIPs";
  let isValid = true;
  for (const [index, ip] of clusterIPs.entries()) {
    if (index === 0 && ip === "None") {
      if (clusterIPs.length === 1) continue;
      isValid = false;
      out.invalid(at, clusterIPs, "'None' must be the first and only value");
    } else if (!validateLegacyIp(ip, `${at}[${index}]`, out, kept)) isValid = false;
  }
  if (clusterIPs.length > 2) out.invalid(at, clusterIPs, "may only hold up to 2 values");
  return isValid;
}

/** The first address stays; a second one may come, and go with its policy (KEP-563). */
export function validateAddressUpdate(spec: Readonly<ServiceSpec>, old: Readonly<ServiceSpec>, out: Findings): void {
  if (spec.type === "ExternalName" || old.type === "ExternalName" || (isHeadless(spec) && isHeadless(old))) return;
  const { clusterIPs: after = [] } = spec;
  const { clusterIPs: before = [] } = old;
  const refuse = (index: number, text = "may not change once set"): void =>
    out.invalid(`spec.clusterIPs[${index}]`, spec.clusterIPs ?? null, text);
  if (before.length === after.length) {
    for (const [index, ip] of before.entries()) if (ip !== after[index]) refuse(index);
    return;
  }
  if (before.length > after.length && after.length === 0) refuse(0, "primary clusterIP can not be unset");
  if (before.length > 0 && after.length > 0 && before[0] !== after[0]) refuse(0);
  if (before.length > after.length && after.length === 1 && spec.ipFamilyPolicy !== "SingleStack")
    out.invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy ?? null, "must be set to 'SingleStack' when releasing the secondary clusterIP");
}

export function validateFamilyUpdate(spec: Readonly<ServiceSpec>, old: Readonly<ServiceSpec>, out: Findings): void {
  if (spec.type === "ExternalName" || old.type === "ExternalName" || isHeadless(spec) || isHeadless(old)) return;
  const { ipFamilies: after = [], clusterIPs = [] } = spec;
  const { ipFamilies: before = [] } = old;
  const refuse = (shown: readonly string[], text = "may not change once set"): void => out.invalid("spec.ipFamilies[0]", shown, text);
  if (before.length === after.length) {
    for (const [index, family] of before.entries()) if (family !== after[index]) refuse(after);
    return;
  }
  if (before.length > after.length && clusterIPs.length === 0) refuse(after, "primary ipFamily can not be unset");
  // Upstream shows the addresses.
  if (before.length > 0 && after.length > 0 && before[0] !== after[0]) refuse(clusterIPs);
  if (before.length > after.length && after.length === 1 && spec.ipFamilyPolicy !== "SingleStack")
    out.invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy ?? null, "must be set to 'SingleStack' when releasing the secondary ipFamily");
}
