import { compareQuantities, parseQuantity, pathSegmentErrors, supportedValues, zeroQuantity, type Findings } from "@coracle/apimachinery";
import type { CrossVersionObjectReference, HorizontalPodAutoscaler, HPAScalingPolicy, HPAScalingRules } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { validateMetrics } from "./autoscaler-metrics.ts";

const selections = supportedValues("Disabled", "Max", "Min");
const policyTypes = supportedValues("Percent", "Pods");
const periodLimit = 1800;
const windowLimit = 3600;
const noSpec = {} as NonNullable<HorizontalPodAutoscaler["spec"]>;

/** Metrics that the API server's clients need not name: cpu, at 80 % of what is requested. */
const cpuMetric = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
} as const;

export const horizontalPodAutoscalers = strategyOf<HorizontalPodAutoscaler>({
  hasGeneration: false,
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.minReplicas ??= 1;
    if ((spec.metrics ?? []).length === 0) spec.metrics = [structuredClone(cpuMetric)];
    if (spec.behavior === undefined) return;
    const percent = (): HPAScalingPolicy => ({ type: "Percent", value: 100, periodSeconds: 15 });
    spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, [{ type: "Pods", value: 4, periodSeconds: 15 }, percent()], 0);
    spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, [percent()]);
  },
  validate({ spec = noSpec }, out, old) {
    const { minReplicas, maxReplicas = 0, behavior } = spec;
    const least = old?.spec?.minReplicas === 0 ? 0 : 1;
    if (minReplicas !== undefined && minReplicas < least)
      out.invalid("spec.minReplicas", minReplicas, `must be greater than or equal to ${least}`);
    if (maxReplicas === 0) out.required("spec.maxReplicas", "must be set and greater than 0");
    else if (maxReplicas < 0) out.invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to 1");
    if (minReplicas !== undefined && maxReplicas < minReplicas)
      out.invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`");
    const target = spec.scaleTargetRef ?? { kind: "", name: "" };
    const before = old?.spec?.scaleTargetRef;
    const isSameKind = before !== undefined && before.apiVersion === target.apiVersion && before.kind === target.kind;
    const needsGroup = isSameKind ? undefined : target.kind !== "ReplicationController";
    validateReference(target, "spec.scaleTargetRef", out, needsGroup);
    const oldMetrics = old?.spec?.metrics ?? [];
    const mayKeep = oldMetrics.some(
      ({ object }) => object !== undefined && versionProblem(object.describedObject.apiVersion, false) !== undefined,
    );
    validateMetrics(spec, "spec.metrics", out, (reference, at) => validateReference(reference, at, out, mayKeep ? undefined : false));
    if (behavior?.scaleUp !== undefined) validateRules(behavior.scaleUp, "spec.behavior.scaleUp", out);
    if (behavior?.scaleDown !== undefined) validateRules(behavior.scaleDown, "spec.behavior.scaleDown", out);
  },
  subresources: {
    status({ status }, _old, out) {
      out.nonNegative(status?.currentReplicas, "status.currentReplicas");
      out.nonNegative(status?.desiredReplicas, "status.desiredReplicas");
    },
  },
});

function withDefaults(rules: HPAScalingRules | undefined, policies: HPAScalingPolicy[], window?: number): HPAScalingRules {
  const result: HPAScalingRules = { ...rules };
  result.selectPolicy ??= "Max";
  if (window !== undefined) result.stabilizationWindowSeconds ??= window;
  result.policies ??= policies;
  return result;
}

/** `needsGroup` is undefined where the version is not looked at. */
function validateReference(
  reference: Readonly<CrossVersionObjectReference>,
  at: string,
  out: Findings,
  needsGroup: boolean | undefined,
): void {
  for (const name of ["kind", "name"] as const)
    if (out.present(reference[name], `${at}.${name}`)) out.messages(`${at}.${name}`, reference[name], pathSegmentErrors(reference[name]));
  const { apiVersion = "" } = reference;
  const problem = needsGroup === undefined ? undefined : versionProblem(apiVersion, needsGroup);
  if (problem !== undefined) out.invalid(`${at}.apiVersion`, apiVersion, problem);
}

function versionProblem(apiVersion = "", needsGroup: boolean): string | undefined {
  const parts = apiVersion.split("/");
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  return needsGroup && (parts.length < 2 || parts[0] === "") ? "apiVersion must specify API group" : undefined;
}

function validateRules(rules: Readonly<HPAScalingRules>, at: string, out: Findings): void {
  const { stabilizationWindowSeconds: window, policies = [], tolerance } = rules;
  if (window !== undefined && window < 0) out.invalid(`${at}.stabilizationWindowSeconds`, window, "must be greater than or equal to zero");
  if (window !== undefined && window > windowLimit)
    out.invalid(`${at}.stabilizationWindowSeconds`, window, `must be less than or equal to ${windowLimit}`);
  out.optionalOneOf(rules.selectPolicy, selections, `${at}.selectPolicy`);
  if (policies.length === 0) out.required(`${at}.policies`, "must specify at least one Policy");
  for (const [index, policy] of policies.entries()) validatePolicy(policy, `${at}.policies[${index}]`, out);
  if (tolerance !== undefined && compareQuantities(parseQuantity(tolerance), zeroQuantity) < 0)
    out.invalid(`${at}.tolerance`, tolerance, "must be greater than or equal to 0");
}

function validatePolicy({ type, value = 0, periodSeconds = 0 }: Readonly<HPAScalingPolicy>, at: string, out: Findings): void {
  out.oneOf(type, policyTypes, `${at}.type`);
  if (value <= 0) out.invalid(`${at}.value`, value, "must be greater than zero");
  if (periodSeconds <= 0) out.invalid(`${at}.periodSeconds`, periodSeconds, "must be greater than zero");
  if (periodSeconds > periodLimit) out.invalid(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${periodLimit}`);
}
