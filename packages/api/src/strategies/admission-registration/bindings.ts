import { indexPath, supportedValues, type Findings, type KubeObject, type ResourceStrategy } from "@coracle/apimachinery";
import type { MutatingAdmissionPolicyBinding, ParamRef, MatchResources, ValidatingAdmissionPolicyBinding } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { validateMatchResources, validateMutableOperations } from "./match-resources.ts";
import { validateParamRef } from "./params.ts";
import { staticNameWarnings } from "./static-names.ts";

const actions = supportedValues("Audit", "Deny", "Warn");
const more = { allowUnconditionalUpdate: false } as const;

export const validatingPolicyBindings: ResourceStrategy = strategyOf<ValidatingAdmissionPolicyBinding & KubeObject>({
  hasStatus: false,
  hasGeneration: true,
  validate({ spec }, out) {
    validateBinding(spec ?? {}, out);
    validateActions(spec?.validationActions ?? [], "spec.validationActions", out);
  },
  warnings: ({ metadata }) => staticNameWarnings(metadata.name),
  more,
});

export const mutatingPolicyBindings: ResourceStrategy = strategyOf<MutatingAdmissionPolicyBinding & KubeObject>({
  hasStatus: false,
  hasGeneration: true,
  validate({ spec = {} }, out) {
    validateBinding(spec, out);
    if (spec.matchResources !== undefined) validateMutableOperations(spec.matchResources, "spec.matchResources", out);
  },
  warnings: ({ metadata }) => staticNameWarnings(metadata.name),
  more,
});

interface BindingSpec {
  readonly policyName?: string | undefined;
  readonly paramRef?: ParamRef | undefined;
  readonly matchResources?: MatchResources | undefined;
}

function validateBinding({ policyName = "", paramRef, matchResources }: BindingSpec, out: Findings): void {
  if (out.present(policyName, "spec.policyName")) out.subdomain(policyName, "spec.policyName");
  if (paramRef !== undefined) validateParamRef(paramRef, "spec.paramRef", out);
  if (matchResources !== undefined) validateMatchResources(matchResources, "spec.matchResources", out);
}

function validateActions(given: readonly string[], at: string, out: Findings): void {
  const seen = new Set<string>();
  for (const [index, action] of given.entries()) {
    out.oneOf(action, actions, indexPath(at, index));
    if (seen.has(action)) out.duplicate(indexPath(at, index), action);
    seen.add(action);
  }
  if (seen.has("Deny") && seen.has("Warn")) {
    const why = "repeating the same validation failure information in the API response and headers serves no purpose";
    out.invalid(at, given, `must not contain both Deny and Warn (${why})`);
  }
  if (seen.size === 0) out.required(at, "at least one validation action is required");
}
