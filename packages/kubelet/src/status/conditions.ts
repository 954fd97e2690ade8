import { deepEqual, findCondition } from "@coracle/apimachinery";
import type { ContainerStatus, Pod, PodCondition, PodStatus } from "@coracle/api";
import { containersOf, initContainersOf, isSidecar } from "../containers/pod-spec.ts";

type Verdict = Pick<PodCondition, "type" | "status" | "reason" | "message">;

export interface ConditionInput {
  readonly pod: Pod;
  readonly phase: string;
  readonly hasSandbox: boolean;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
  /** RFC 3339. */
  readonly now: string;
}

/** The kubelet's conditions in upstream's order, then those that others own, unchanged. */
export function podConditions(input: ConditionInput): PodCondition[] {
  const { pod, now } = input;
  const old = pod.status?.conditions ?? [];
  const generation = pod.metadata.generation;
  const containersReady = containersReadyVerdict(input);
  const verdicts: Verdict[] = [
    { type: "PodReadyToStartContainers", status: input.hasSandbox ? "True" : "False" },
    initializedVerdict(input),
    readyVerdict(pod, containersReady, input.phase),
    containersReady,
    { type: "PodScheduled", status: "True" },
  ];
  const own = verdicts.map((verdict): PodCondition => {
    const before = findCondition(old, verdict.type);
    const isSame = before?.status === verdict.status && before.lastTransitionTime != null;
    return {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...verdict,
      lastTransitionTime: isSame ? (before.lastTransitionTime as string) : now,
    } as PodCondition;
  });
  const foreign = old.filter((condition) => !verdicts.some(({ type }) => type === condition.type));
  return [...foreign, ...own];
}

function terminalVerdict(type: string, phase: string): Verdict | undefined {
  if (phase === "Succeeded") return { type, status: "False", reason: "PodCompleted" };
  return phase === "Failed" ? { type, status: "False", reason: "PodFailed" } : undefined;
}

function containersReadyVerdict({ pod, phase, statuses, initStatuses }: ConditionInput): Verdict {
  const type = "ContainersReady";
  const terminal = terminalVerdict(type, phase);
  if (terminal !== undefined) return terminal;
  const sidecars = initContainersOf(pod).filter(isSidecar);
  const all = [...sidecars, ...containersOf(pod)];
  const known = new Map([...initStatuses, ...statuses].map((status) => [status.name, status]));
  const unknown = all.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  const unready = all.filter(({ name }) => known.get(name)?.ready === false).map(({ name }) => name);
  return findingsVerdict(type, "ContainersNotReady", { unknown, unfinished: unready, word: "unready" });
}

function readyVerdict(pod: Pod, containersReady: Verdict, phase: string): Verdict {
  const type = "Ready";
  if (containersReady.status !== "True") return terminalVerdict(type, phase) ?? { ...containersReady, type };
  const messages: string[] = [];
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const condition = findCondition(pod.status?.conditions, conditionType);
    if (condition === undefined) messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (condition.status !== "True") {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
    }
  }
  if (messages.length === 0) return { type, status: "True" };
  return { type, status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function initializedVerdict({ pod, phase, initStatuses, statuses }: ConditionInput): Verdict {
  const type = "Initialized";
  if (phase === "Succeeded") return { type, status: "True", reason: "PodCompleted" };
  // Once a regular container has run, initialization was complete, whatever a restarted sidecar does now.
  if (statuses.some((status) => status.state?.running !== undefined || status.lastState?.terminated !== undefined)) {
    return { type, status: "True" };
  }
  const known = new Map(initStatuses.map((status) => [status.name, status]));
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of initContainersOf(pod)) {
    const status = known.get(container.name);
    const isComplete = isSidecar(container) ? status?.started === true : status?.ready === true;
    if (status === undefined) unknown.push(container.name);
    else if (!isComplete) incomplete.push(container.name);
  }
  return findingsVerdict(type, "ContainersNotInitialized", { unknown, unfinished: incomplete, word: "incomplete" });
}

function findingsVerdict(
  type: string,
  reason: string,
  { unknown, unfinished, word }: { unknown: readonly string[]; unfinished: readonly string[]; word: string },
): Verdict {
  const messages: string[] = [];
  if (unknown.length > 0) messages.push(`containers with unknown status: [${unknown.join(" ")}]`);
  if (unfinished.length > 0) messages.push(`containers with ${word} status: [${unfinished.join(" ")}]`);
  if (messages.length === 0) return { type, status: "True" };
  return { type, status: "False", reason, message: messages.join(", ") };
}

/** The top-level fields of a merge patch that turn `old` into `next`; undefined when they are equal. */
export function statusPatch(old: PodStatus | undefined, next: PodStatus): Record<string, unknown> | undefined {
  const before = (old ?? {}) as Record<string, unknown>;
  const after = next as Record<string, unknown>;
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(after)) if (!deepEqual(before[name], after[name])) patch[name] = after[name];
  for (const name of Object.keys(before)) if (after[name] === undefined) patch[name] = null;
  return Object.keys(patch).length === 0 ? undefined : patch;
}
