import { dnsLabelErrors, dnsSubdomainErrors, pathSegmentErrors, supportedValues, type Findings } from "@coracle/apimachinery";
import type { IngressClass, IngressClassParametersReference } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { validateDomainPath } from "../shared/domain-path.ts";

const scopes = supportedValues("Cluster", "Namespace");
const controllerLimit = 250;

export const ingressClasses = strategyOf<IngressClass>({
  hasStatus: false,
  hasGeneration: true,
  defaults({ spec }) {
    if (spec?.parameters !== undefined) spec.parameters.scope ??= "Cluster";
  },
  validate({ spec = {} }, out) {
    const { controller = "", parameters } = spec;
    if (controller.length > controllerLimit) out.tooLong("spec.controller", controllerLimit);
    validateDomainPath(controller, "spec.controller", out);
    if (parameters !== undefined) validateParameters(parameters, "spec.parameters", out);
  },
  validateUpdate: ({ spec }, old, out) => out.immutable(spec?.controller ?? "", old.spec?.controller ?? "", "spec.controller"),
});

function validateParameters(parameters: Readonly<IngressClassParametersReference>, at: string, out: Findings): void {
  const { apiGroup, scope, namespace } = parameters;
  if (apiGroup !== undefined) out.messages(`${at}.apiGroup`, apiGroup, dnsSubdomainErrors(apiGroup));
  for (const name of ["kind", "name"] as const)
    if (out.present(parameters[name], `${at}.${name}`))
      out.messages(`${at}.${name}`, parameters[name], pathSegmentErrors(parameters[name]));
  if (scope === undefined) return out.required(`${at}.scope`);
  out.oneOf(scope, scopes, `${at}.scope`);
  if (scope === "Namespace") {
    if (namespace === undefined) out.required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'");
    else out.messages(`${at}.namespace`, namespace, dnsLabelErrors(namespace));
  }
  if (scope === "Cluster" && namespace !== undefined) out.forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'");
}
