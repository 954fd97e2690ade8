import type { ContainerStatus, Job, Pod, PodFailurePolicyRule } from "@coracle/api";

/** What a Job's `podFailurePolicy` makes of a failed pod. */
export interface FailureMatch {
  /** Undefined when no rule speaks of the pod. */
  readonly action: "Ignore" | "Count" | "FailIndex" | "FailJob" | undefined;
  /** Why the Job fails, with `FailJob`. */
  readonly message?: string;
}

const unmatched: FailureMatch = { action: undefined };

/** The first rule that matches decides (KEP-3329). */
export function matchFailurePolicy(job: Job, pod: Pod): FailureMatch {
  for (const [index, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const reason = matchRule(rule, pod);
    if (reason === undefined) continue;
    const action = rule.action as FailureMatch["action"];
    return action === "FailJob" ? { action, message: `${reason} matching ${action} rule at index ${index}` } : { action };
  }
  return unmatched;
}

/** Whether a failure counts towards `backoffLimit` and `backoffLimitPerIndex`. */
export function countsFailure(job: Job, pod: Pod): boolean {
  return matchFailurePolicy(job, pod).action !== "Ignore";
}

function matchRule({ onExitCodes, onPodConditions }: PodFailurePolicyRule, { metadata, status }: Pod): string | undefined {
  const pod = `${metadata.namespace}/${metadata.name}`;
  if (onExitCodes !== undefined) {
    const matches = ({ name, state }: ContainerStatus): boolean => {
      const code = state?.terminated?.exitCode ?? 0;
      if (code === 0 || (onExitCodes.containerName !== undefined && onExitCodes.containerName !== name)) return false;
      const isListed = onExitCodes.values.includes(code);
      return onExitCodes.operator === "In" ? isListed : onExitCodes.operator === "NotIn" && !isListed;
    };
    const container = status?.containerStatuses?.find(matches) ?? status?.initContainerStatuses?.find(matches);
    if (container === undefined) return undefined;
    return `Container ${container.name} for pod ${pod} failed with exit code ${container.state?.terminated?.exitCode}`;
  }
  const condition = status?.conditions?.find((each) =>
    onPodConditions?.some(({ type, status: wanted = "True" }) => each.type === type && each.status === wanted),
  );
  return condition === undefined ? undefined : `Pod ${pod} has condition ${condition.type}`;
}
