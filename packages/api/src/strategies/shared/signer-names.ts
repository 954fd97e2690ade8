import { dnsLabelErrors, dnsSubdomainErrors, quoteText, type Findings } from "@coracle/apimachinery";

const domainLimitBytes = 253;
/** A domain, a slash, and room for a DNS label, a dot and a DNS subdomain. */
const nameLimitBytes = domainLimitBytes + 1 + 253 + 63 + 1;

/** The name of a signer of certificates: `example.com/my-signer`. */
export function validateSignerName(name: string, at: string, out: Findings): void {
  if (name === "") return out.required(at);
  const segments = name.split("/");
  if (segments.length !== 2) {
    return out.invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
  }
  const [domain, path] = segments as [string, string];
  if (domain.length > domainLimitBytes) out.tooLong(at, domainLimitBytes);
  const labels = domain.split(".");
  validateLabels(domain, dnsLabelErrors, at, out);
  if (labels.length < 2) out.invalid(at, domain, "should be a domain with at least two segments separated by dots");
  validateLabels(path, dnsSubdomainErrors, at, out);
  if (name.length > nameLimitBytes) out.tooLong(at, nameLimitBytes);
}

/** The first label that breaks the rule, with everything that is wrong with it. */
function validateLabels(segment: string, rule: (value: string) => readonly string[], at: string, out: Findings): void {
  for (const label of segment.split(".")) {
    const errors = rule(label);
    for (const error of errors) out.invalid(at, segment, `validating label ${quoteText(label)}: ${error}`);
    if (errors.length > 0) return;
  }
}

/** Whether Kubernetes itself signs for it: `kubernetes.io/…` and its subdomains. */
export function isKubernetesSigner(name: string): boolean {
  const [host = ""] = name.split("/");
  return host === "kubernetes.io" || host.endsWith(".kubernetes.io");
}

/** What is wrong with the name of a ClusterTrustBundle; one with a signer is named `example.com:signer:name`. */
export function trustBundleNameErrors(name: string, signer: string): readonly string[] {
  if (signer === "") {
    if (name.includes(":")) return ['ClusterTrustBundle without signer name must not have ":" in its name'];
    return dnsSubdomainErrors(name);
  }
  const prefix = `${signer.replaceAll("/", ":")}:`;
  if (!name.startsWith(prefix)) return [`ClusterTrustBundle for signerName ${signer} must be named with prefix ${prefix}`];
  return dnsSubdomainErrors(name.slice(prefix.length));
}

/** The signer that a bundle's name tells, or nothing. */
export function signerOfTrustBundle(name: string): string {
  const colon = name.lastIndexOf(":");
  return colon < 0 ? "" : name.slice(0, colon).replaceAll(":", "/");
}
