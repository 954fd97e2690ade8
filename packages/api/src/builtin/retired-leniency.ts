import type { ResourceStrategy } from "@coracle/apimachinery";

/** Resources whose newest version refuses what this earlier one accepted: signers, side effects and review versions that are not known. */
const lenientVersions: Readonly<Record<string, string>> = {
  "certificatesigningrequests.certificates.k8s.io": "certificates.k8s.io/v1beta1",
  "mutatingwebhookconfigurations.admissionregistration.k8s.io": "admissionregistration.k8s.io/v1beta1",
  "validatingwebhookconfigurations.admissionregistration.k8s.io": "admissionregistration.k8s.io/v1beta1",
};

/**
 * The strategy, but lenient with requests in a retired version. What an object broke of the newer rules before, it may go on breaking: so
 * what comes by the retired version is checked as if it had been there already.
 */
export function withLeniency(resource: string, strategy: ResourceStrategy): ResourceStrategy {
  const retired = lenientVersions[resource];
  if (retired === undefined) return strategy;
  return {
    ...strategy,
    validateCreate: (object, context) =>
      (context.apiVersion === retired ? strategy.validateUpdate?.(object, object, context) : strategy.validateCreate?.(object, context)) ??
      [],
    validateUpdate: (object, old, context) =>
      strategy.validateUpdate?.(object, context.apiVersion === retired && context.subresource === "" ? object : old, context) ?? [],
  };
}
