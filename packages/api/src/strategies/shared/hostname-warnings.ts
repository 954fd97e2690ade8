import { dnsLabelErrors } from "@coracle/apimachinery";

/** A warning when names of pods are made from a name that is no DNS label. */
export function hostnameWarnings(name: string | undefined): string[] {
  const errors = dnsLabelErrors(name ?? "");
  if (errors.length === 0) return [];
  const text = "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended";
  return [`metadata.name: ${text}: [${errors.join(" ")}]`];
}
