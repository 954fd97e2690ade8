import { supportedValues, type Findings } from "@coracle/apimachinery";
import type { Container, ContainerResizePolicy } from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";

const policies = enumOf("core/v1.ContainerRestartPolicy");
const operators = enumOf("core/v1.ContainerRestartRuleOnExitCodesOperator");
const actions = enumOf("core/v1.ContainerRestartRuleAction");
const resizePolicies = enumOf("core/v1.ResourceResizeRestartPolicy");
const resizeResources = supportedValues("cpu", "memory");
const rulesLimit = 20;
const exitCodesLimit = 255;

/** A container's own restart policy and the rules for its exit codes (KEP-5307). */
export function validateRestartPolicy(container: Readonly<Container>, at: string, out: Findings): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  if (restartPolicy === undefined) {
    if (rules.length === 0) return;
    out.required(`${at}.restartPolicy`, "must specify restartPolicy when restart rules are used");
  } else out.oneOf(restartPolicy, policies, `${at}.restartPolicy`);
  if (rules.length > rulesLimit) out.tooMany(`${at}.restartPolicyRules`, rules.length, rulesLimit);
  for (const [index, { action, exitCodes }] of rules.entries()) {
    const here = `${at}.restartPolicyRules[${index}]`;
    out.oneOf(action, actions, `${here}.action`);
    if (exitCodes === undefined) {
      out.required(`${here}.exitCodes`, "must be specified");
      continue;
    }
    out.oneOf(exitCodes.operator, operators, `${here}.exitCodes.operator`);
    const count = (exitCodes.values ?? []).length;
    if (count > exitCodesLimit) out.tooMany(`${here}.exitCodes.values`, count, exitCodesLimit);
  }
}

/** What a resize does to a running container (KEP-1287). */
export function validateResizePolicies(
  list: readonly ContainerResizePolicy[],
  at: string,
  out: Findings,
  podRestartPolicy: string | undefined,
): void {
  const seen = new Set<string>();
  for (const [index, { resourceName, restartPolicy }] of list.entries()) {
    if (seen.has(resourceName)) out.duplicate(`${at}[${index}]`, resourceName);
    seen.add(resourceName);
    // Upstream does not say which item it is.
    out.requiredOneOf(resourceName, resizeResources, at);
    out.requiredOneOf(restartPolicy, resizePolicies, at);
    if (podRestartPolicy === "Never" && restartPolicy !== "NotRequired")
      out.invalid(at, restartPolicy ?? "", "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
  }
}
