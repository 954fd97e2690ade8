import { deepEqual, indexPath, type Findings, type KubeObject, type ResourceStrategy } from "@coracle/apimachinery";
import type {
  AuditAnnotation,
  MutatingAdmissionPolicy,
  Mutation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from "../../generated/types.ts";
import type { ExpressionCompiler } from "../../expressions/index.ts";
import { strategyOf } from "../hooks.ts";
import { expressionEngine, loadExpressions, reportProblem, validateMatchConditions } from "./expressions.ts";
import { validateMatchResources, validateMutableOperations } from "./match-resources.ts";
import { validateParamKind } from "./params.ts";
import { validatePolicyStatus } from "./policy-status.ts";
import { staticNameWarnings } from "./static-names.ts";
import { failurePolicies, reinvocationPolicies } from "./webhook-configurations.ts";

type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const annotationsLimit = 20;
const annotationExpressionLimitBytes = 5 * 1024;

export const validatingPolicies: ResourceStrategy = {
  ...strategyOf<ValidatingAdmissionPolicy & KubeObject>({
    keepsMetadataOnStatus: true,
    validate({ metadata, spec = {} }, out, old) {
      const hasParams = validatePolicy(spec, out, old?.spec);
      const compiler = createCompiler({ hasParams, hasVariables: (spec.variables ?? []).length > 0 });
      validateVariables(spec.variables ?? [], compiler, out);
      const { validations = [], auditAnnotations = [] } = spec;
      if (validations.length === 0 && auditAnnotations.length === 0) {
        const detail = "validations or auditAnnotations must contain at least one item";
        out.required("spec.validations", detail);
        out.required("spec.auditAnnotations", detail);
        return;
      }
      validations.forEach((each, index) => validateValidation(each, indexPath("spec.validations", index), { compiler, out }));
      validateAnnotations(metadata.name ?? "", spec, { compiler, out });
    },
    subresources: { status: (policy, _old, out) => validatePolicyStatus(policy.status, out) },
    warnings: ({ metadata }) => staticNameWarnings(metadata.name),
    more: { allowUnconditionalUpdate: false },
  }),
  load: loadExpressions,
};

export const mutatingPolicies: ResourceStrategy = {
  ...strategyOf<MutatingAdmissionPolicy & KubeObject>({
    hasStatus: false,
    hasGeneration: true,
    validate({ spec = {} }, out, old) {
      const hasParams = validatePolicy(spec, out, old?.spec, validateMutableOperations);
      const compiler = createCompiler({ hasParams, hasVariables: true });
      validateVariables(spec.variables ?? [], compiler, out);
      const { mutations = [] } = spec;
      if (mutations.length === 0) out.required("spec.mutations", "mutations must contain at least one item");
      mutations.forEach((each, index) => validateMutation(each, indexPath("spec.mutations", index), { compiler, out }));
      out.requiredOneOf(spec.reinvocationPolicy, reinvocationPolicies, "spec.reinvocationPolicy");
    },
    warnings: ({ metadata }) => staticNameWarnings(metadata.name),
    more: { allowUnconditionalUpdate: false },
  }),
  load: loadExpressions,
};

interface Tools {
  readonly compiler: ExpressionCompiler;
  readonly out: Findings;
}

function createCompiler(options: { readonly hasParams: boolean; readonly hasVariables: boolean }): ExpressionCompiler {
  const { ExpressionCompiler: Compiler } = expressionEngine();
  return new Compiler(options);
}

/** What policies of both kinds have. Says whether there are parameters. */
function validatePolicy(
  spec: Readonly<NonNullable<Policy["spec"]>>,
  out: Findings,
  old: Policy["spec"],
  validateMore?: typeof validateMutableOperations,
): boolean {
  const { failurePolicy, paramKind, matchConstraints, matchConditions } = spec;
  out.requiredOneOf(failurePolicy, failurePolicies, "spec.failurePolicy");
  if (paramKind !== undefined) validateParamKind(paramKind, "spec.paramKind", out);
  if (matchConstraints === undefined) out.required("spec.matchConstraints");
  else {
    validateMatchResources(matchConstraints, "spec.matchConstraints", out);
    // Without one nobody could tell which types the expressions are about.
    if ((matchConstraints.resourceRules ?? []).length === 0) out.required("spec.matchConstraints.resourceRules");
    validateMore?.(matchConstraints, "spec.matchConstraints", out);
  }
  const hasParams = paramKind !== undefined;
  const isOld = old !== undefined && deepEqual(old.paramKind, paramKind) && deepEqual(old.matchConditions, matchConditions);
  if (!isOld) validateMatchConditions(matchConditions ?? [], "spec.matchConditions", out, { hasParams });
  return hasParams;
}

function validateVariables(variables: readonly Variable[], compiler: ExpressionCompiler, out: Findings): void {
  for (const [index, variable] of variables.entries()) {
    const at = indexPath("spec.variables", index);
    if (out.present(variable.name.trim(), `${at}.name`, "name is not specified") && !isIdentifier(variable.name)) {
      out.invalid(`${at}.name`, variable.name, "must be a valid CEL identifier");
    }
    if (!out.present(variable.expression.trim(), `${at}.expression`, "expression is not specified")) continue;
    reportProblem(compiler.addVariable(variable), `${at}.expression`, out);
  }
}

const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(" "),
);

function isIdentifier(name: string): boolean {
  return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name);
}

function validateValidation(validation: Readonly<Validation>, at: string, { compiler, out }: Tools): void {
  const { returnTypes } = expressionEngine();
  const { expression, message = "", messageExpression = "", reason } = validation;
  if (out.present(expression.trim(), `${at}.expression`, "expression is not specified")) {
    reportProblem(compiler.compile(expression, returnTypes.validation), `${at}.expression`, out);
  }
  if (messageExpression !== "" && messageExpression.trim() === "") {
    out.invalid(`${at}.messageExpression`, messageExpression, "must be non-empty if specified");
  } else if (messageExpression !== "") {
    const compiled = compiler.compile(messageExpression, returnTypes.messageExpression, { hasAuthorizer: false });
    reportProblem(compiled, `${at}.messageExpression`, out);
  }
  if (message !== "" && message.trim() === "") out.invalid(`${at}.message`, message, "must be non-empty if specified");
  else if (/[\n\r]/.test(message.trim())) out.invalid(`${at}.message`, message, "must not contain line breaks");
  if (reason !== undefined && !reasons.includes(reason)) out.unsupported(`${at}.reason`, reason, reasons);
}

function validateAnnotations(policy: string, { auditAnnotations = [] }: Readonly<ValidatingAdmissionPolicySpec>, tools: Tools): void {
  const { out } = tools;
  const at = "spec.auditAnnotations";
  if (auditAnnotations.length > annotationsLimit) {
    out.invalid(at, auditAnnotations, `must not have more than ${annotationsLimit} auditAnnotations`);
  }
  const keys = new Set<string>();
  for (const [index, annotation] of auditAnnotations.entries()) {
    validateAnnotation(policy, annotation, indexPath(at, index), tools);
    if (keys.has(annotation.key)) out.duplicate(`${indexPath(at, index)}.key`, annotation.key);
    keys.add(annotation.key);
  }
}

function validateAnnotation(
  policy: string,
  { key, valueExpression }: Readonly<AuditAnnotation>,
  at: string,
  { compiler, out }: Tools,
): void {
  if (policy === "") out.invalid(`${at}.key`, key, "requires metadata.name be non-empty");
  else out.qualifiedName(`${policy}/${key}`, `${at}.key`);
  const trimmed = valueExpression.trim();
  const here = `${at}.valueExpression`;
  if (!out.present(trimmed, here, "valueExpression is not specified")) return;
  if (new TextEncoder().encode(trimmed).length > annotationExpressionLimitBytes) {
    out.required(here, `must not exceed ${annotationExpressionLimitBytes} bytes in length`);
    return;
  }
  reportProblem(compiler.compile(trimmed, expressionEngine().returnTypes.auditAnnotation), here, out, valueExpression);
}

function validateMutation({ patchType, jsonPatch, applyConfiguration }: Readonly<Mutation>, at: string, { compiler, out }: Tools): void {
  const { returnTypes } = expressionEngine();
  if (!out.present(patchType, `${at}.patchType`)) return;
  const check = (expression: string | undefined, field: "jsonPatch" | "applyConfiguration"): void => {
    const trimmed = expression?.trim() ?? "";
    const here = `${at}.${field}.expression`;
    if (out.present(trimmed, here)) reportProblem(compiler.compile(trimmed, returnTypes[field], { hasPatchTypes: true }), here, out);
  };
  if (patchType === "JSONPatch") {
    if (jsonPatch === undefined) out.required(`${at}.jsonPatch`, "must be specified when patchType is JSONPatch");
    else check(jsonPatch.expression, "jsonPatch");
    if (applyConfiguration !== undefined) {
      out.invalid(`${at}.applyConfiguration`, "{applyConfiguration}", "must not be specified when patchType is JSONPatch");
    }
  } else if (patchType === "ApplyConfiguration") {
    if (applyConfiguration === undefined)
      out.required(`${at}.applyConfiguration`, "must be specified when patchType is ApplyConfiguration");
    else check(applyConfiguration.expression, "applyConfiguration");
    if (jsonPatch !== undefined)
      out.invalid(`${at}.jsonPatch`, "{jsonPatch}", "must not be specified when patchType is ApplyConfiguration");
  } else out.unsupported(`${at}.patchType`, patchType, ["ApplyConfiguration", "JSONPatch"]);
}
