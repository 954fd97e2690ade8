import { dnsSubdomainErrors, legacyIpErrors, supportedValues, underscoredSubdomainErrors, type Findings } from "@coracle/apimachinery";
import type { HostAlias, PodDNSConfig, PodSpec } from "../../generated/types.ts";

// In upstream's order, which is not that of the alphabet.
const policies = supportedValues("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
const nameserversLimit = 3;
const searchesLimit = 32;
const searchCharactersLimit = 2048;
const hostnameLimitBytes = 64;

/** How names are looked up in the pod, and what it is called itself. */
export function validateDns(spec: Readonly<PodSpec>, at: string, out: Findings): void {
  const { dnsPolicy, dnsConfig } = spec;
  if (dnsPolicy === "None" && dnsConfig === undefined) out.required(`${at}.dnsConfig`, "must provide `dnsConfig` when `dnsPolicy` is None");
  else if (dnsPolicy === "None" && (dnsConfig?.nameservers ?? []).length === 0)
    out.required(`${at}.dnsConfig.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None");
  else if (dnsConfig !== undefined) validateConfig(dnsConfig, `${at}.dnsConfig`, out);
}

export function validateDnsPolicy(policy: string | undefined, at: string, out: Findings): void {
  out.requiredOneOf(policy, policies, at);
}

function validateConfig({ nameservers = [], searches = [], options = [] }: Readonly<PodDNSConfig>, at: string, out: Findings): void {
  if (nameservers.length > nameserversLimit)
    out.invalid(`${at}.nameservers`, nameservers, `must not have more than ${nameserversLimit} nameservers`);
  for (const [index, address] of nameservers.entries()) out.messages(`${at}.nameservers[${index}]`, address, legacyIpErrors(address));
  if (searches.length > searchesLimit) out.invalid(`${at}.searches`, searches, `must not have more than ${searchesLimit} search paths`);
  if (searches.join(" ").length > searchCharactersLimit)
    out.invalid(
      `${at}.searches`,
      searches,
      `must not have more than ${searchCharactersLimit} characters (including spaces) in the search list`,
    );
  for (const [index, search] of searches.entries()) {
    if (search === ".") continue;
    const domain = search.endsWith(".") ? search.slice(0, -1) : search;
    out.messages(`${at}.searches[${index}]`, domain, underscoredSubdomainErrors(domain));
  }
  for (const [index, { name }] of options.entries()) out.present(name, `${at}.options[${index}]`, "must not be empty");
}

export function validateHostAliases(aliases: readonly HostAlias[], at: string, out: Findings): void {
  for (const [index, { ip = "", hostnames = [] }] of aliases.entries()) {
    out.messages(`${at}[${index}].ip`, ip, legacyIpErrors(ip));
    for (const [position, name] of hostnames.entries())
      out.messages(`${at}[${index}].hostnames[${position}]`, name, dnsSubdomainErrors(name));
  }
}

/** A hostname that is not derived from the pod's name (KEP-4762). */
export function validateHostnameOverride(spec: Readonly<PodSpec>, at: string, out: Findings): void {
  const { hostnameOverride: name } = spec;
  if (name === undefined) return;
  const here = `${at}.hostnameOverride`;
  if (spec.setHostnameAsFQDN === true) out.forbidden(here, "may not be specified when setHostnameAsFQDN is true");
  if (spec.hostNetwork === true) out.forbidden(here, "may not be specified when hostNetwork is true");
  if (name.length > hostnameLimitBytes) out.tooLong(here, hostnameLimitBytes);
  out.subdomain(name, here);
}
