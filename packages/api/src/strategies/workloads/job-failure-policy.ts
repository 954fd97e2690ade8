import { omittedValue, qualifiedNameErrors, quoteText, type Findings, type Supported } from "@coracle/apimachinery";
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import { containersOf } from "../pod/visit-containers.ts";

const actions = enumOf("batch/v1.PodFailurePolicyAction");
const operators = enumOf("batch/v1.PodFailurePolicyOnExitCodesOperator");
const conditionStatuses = enumOf("core/v1.ConditionStatus");
const rulesLimit = 20;
const patternsLimit = 20;
const exitCodesLimit = 255;

/** What becomes of a Job when its pods fail (KEP-3329). */
export function validateFailurePolicy(spec: Readonly<JobSpec>, at: string, out: Findings): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  if (rules.length > rulesLimit) out.tooMany(`${at}.rules`, rules.length, rulesLimit);
  const names = new Set(
    containersOf({ ...spec.template?.spec, containers: spec.template?.spec?.containers ?? [], ephemeralContainers: [] }).map(
      ({ container }) => container.name,
    ),
  );
  for (const [index, rule] of rules.entries()) validateRule(rule, `${at}.rules[${index}]`, out, { spec, names });
}

interface Job {
  readonly spec: Readonly<JobSpec>;
  /** Of the template's containers. */
  readonly names: ReadonlySet<string>;
}

function validateRule(rule: Readonly<PodFailurePolicyRule>, at: string, out: Findings, { spec, names }: Job): void {
  const { action = "", onExitCodes, onPodConditions = [] } = rule;
  if (action === "FailIndex") {
    if (spec.backoffLimitPerIndex === undefined) out.invalid(`${at}.action`, action, "requires the backoffLimitPerIndex to be set");
  } else oneOfListed(action, actions, `${at}.action`, out);
  if (onExitCodes !== undefined) validateExitCodes(onExitCodes, `${at}.onExitCodes`, out, names);
  if (onPodConditions.length > 0) validateConditions(onPodConditions, `${at}.onPodConditions`, out);
  if (onExitCodes !== undefined && onPodConditions.length > 0)
    out.invalid(at, omittedValue, "specifying both OnExitCodes and OnPodConditions is not supported");
  if (onExitCodes === undefined && onPodConditions.length === 0)
    out.invalid(at, omittedValue, "specifying one of OnExitCodes and OnPodConditions is required");
}

/** A required value whose message lists what there is. */
function oneOfListed(value: string | undefined, supported: Supported, at: string, out: Findings): void {
  if (!value) out.required(at, `valid values: [${supported.values.map((each) => quoteText(each)).join(" ")}]`);
  else out.oneOf(value, supported, at);
}

function validateConditions(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], at: string, out: Findings): void {
  if (patterns.length > patternsLimit) out.tooMany(at, patterns.length, patternsLimit);
  for (const [index, { type = "", status }] of patterns.entries()) {
    out.messages(`${at}[${index}].type`, type, qualifiedNameErrors(type));
    oneOfListed(status, conditionStatuses, `${at}[${index}].status`, out);
  }
}

function validateExitCodes(
  requirement: Readonly<PodFailurePolicyOnExitCodesRequirement>,
  at: string,
  out: Findings,
  names: ReadonlySet<string>,
): void {
  const { operator, containerName, values = [] } = requirement;
  oneOfListed(operator, operators, `${at}.operator`, out);
  if (containerName !== undefined && !names.has(containerName))
    out.invalid(`${at}.containerName`, containerName, "must be one of the container or initContainer names in the pod template");
  if (values.length === 0) out.invalid(`${at}.values`, requirement.values ?? null, "at least one value is required");
  else if (values.length > exitCodesLimit) out.tooMany(`${at}.values`, values.length, exitCodesLimit);
  const seen = new Set<number>();
  for (const [index, value] of values.entries()) {
    if (operator === "In" && value === 0) out.invalid(`${at}.values[${index}]`, value, "must not be 0 for the In operator");
    if (seen.has(value)) out.duplicate(`${at}.values[${index}]`, value);
    seen.add(value);
  }
  if (values.some((value, index) => index > 0 && (values[index - 1] as number) > value))
    out.invalid(`${at}.values`, values, "must be ordered");
}
