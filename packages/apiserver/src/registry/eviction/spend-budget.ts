import {
  findCondition,
  newForbidden,
  newTimeout,
  newTooManyRequests,
  type Condition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { withDisruptionAllowed } from "@coracle/api";

export type Budget = Readonly<UnstructuredObject> & { readonly status?: BudgetStatus };

interface BudgetStatus {
  readonly observedGeneration?: number;
  readonly disruptionsAllowed?: number;
  readonly currentHealthy?: number;
  readonly desiredHealthy?: number;
  readonly disruptedPods?: Readonly<Record<string, string>>;
  readonly conditions?: Condition[];
}

export interface BudgetStore {
  /** The budget as the store has it. */
  read(name: string): Promise<Readonly<UnstructuredObject> | undefined>;
  /** False when somebody else changed the budget meanwhile. */
  write(budget: Budget, status: BudgetStatus): Promise<boolean>;
}

interface Spending {
  readonly podName: string;
  readonly store: BudgetStore;
  readonly isDryRun: boolean;
  /** RFC 3339. */
  readonly now: string;
}

const retries = 20;
/** Evictions that a budget's controller has not confirmed. */
const disruptedPodsLimit = 2000;
const refusal = "Cannot evict pod as it would violate the pod's disruption budget.";

/** Takes one from what the budget allows, and notes the pod there. @throws {StatusError} 429 when it allows none. */
export async function spendBudget(first: Budget, { podName, store, isDryRun, now }: Spending): Promise<void> {
  const name = first.metadata.name ?? "";
  let budget: Budget | undefined = first;
  for (let attempt = 1; attempt <= retries; attempt++) {
    checkAllowed(budget, name);
    if (isDryRun) return;
    const { status = {} } = budget;
    const disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
    const { observedGeneration = 0 } = status;
    const conditions =
      disruptionsAllowed === 0
        ? withDisruptionAllowed(status.conditions, { disruptionsAllowed, observedGeneration }, now)
        : (status.conditions ?? []);
    const disrupted = { ...status.disruptedPods, [podName]: now };
    if (await store.write(budget, { ...status, disruptionsAllowed, disruptedPods: disrupted, conditions })) return;
    budget = await store.read(name);
    // Gone: nothing forbids it any more.
    if (budget === undefined) return;
  }
  throw newTimeout(`couldn't update PodDisruptionBudget "${name}" due to conflicts`, 10);
}

function checkAllowed({ metadata, status = {} }: Budget, name: string): void {
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) throw disruptionRefused(name);
  const { disruptionsAllowed = 0 } = status;
  const forbidden = (cause: string): Error => newForbidden({ group: "policy", resource: "poddisruptionbudget" }, name, cause);
  if (disruptionsAllowed < 0) throw forbidden("pdb disruptions allowed is negative");
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsLimit)
    throw forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  if (disruptionsAllowed === 0) throw withCause(0, whyNone(name, status));
}

function whyNone(name: string, { conditions, currentHealthy = 0, desiredHealthy = 0 }: BudgetStatus): string {
  const condition = findCondition(conditions, "DisruptionAllowed");
  const says = condition?.status === "False" && condition.message !== "" ? condition : undefined;
  const subject = `The disruption budget ${name}`;
  // What could not be worked out says more than numbers that are not to be trusted.
  if (says?.reason === "SyncFailed") return `${subject} does not allow evicting pods currently because it failed sync: ${says.message}`;
  if (currentHealthy <= desiredHealthy) return `${subject} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  if (says !== undefined) return `${subject} does not allow evicting pods currently (${says.reason}): ${says.message}`;
  return `${subject} does not allow evicting pods currently`;
}

/** The refusal while the budget's status is not up to date. */
export function disruptionRefused(name: string): Error {
  return withCause(10, `The disruption budget ${name} is still being processed by the server.`);
}

function withCause(retryAfterSeconds: number, message: string): Error {
  const error = newTooManyRequests(refusal, retryAfterSeconds);
  error.status.details = { ...error.status.details, causes: [{ reason: "DisruptionBudget", message }] };
  return error;
}
