import { deepEqual, formatTime, hasReason, selectorFrom } from "@coracle/apimachinery";
import { resources, type Pod, type PodDisruptionBudget, type PodDisruptionBudgetStatus } from "@coracle/api";
import { cached, mapped, watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { withoutZeros } from "../pod-control/stored-status.ts";
import { budgetStatus, disruptedPods, expectedPods, failedStatus } from "./budget-status.ts";
import { expectedScale } from "./expected-scale.ts";

/** Says in the status of PodDisruptionBudgets how many pods may be evicted. */
export function createDisruptionController(context: ControllerContext): ControllerDefinition {
  const controller = new DisruptionController(context);
  return {
    name: "controllermanager",
    concurrency: 2,
    sources: [
      watchFor(resources.podDisruptionBudgets),
      mapped(resources.pods, (pod) => controller.budgetsOf(pod)),
      // A change of scale comes with a change of pods; what lies in between is not worth a reconcile.
      cached(resources.replicaSets),
      cached(resources.deployments),
      cached(resources.statefulSets),
      cached(resources.replicationControllers),
    ],
    reconcile: (key) => controller.reconcile(key),
  };
}

class DisruptionController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  budgetsOf(pod: Pod): string[] {
    const budgets = this.#context.client.informer(resources.podDisruptionBudgets).list(pod.metadata.namespace ?? "");
    return budgets.filter((budget) => isSelected(budget, pod)).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const { client, clock } = this.#context;
    const budget = client.informer(resources.podDisruptionBudgets).get(key);
    if (budget === undefined) return;
    try {
      return await this.#sync(budget);
    } catch (error) {
      if (hasReason(error, "Conflict")) throw error;
      await this.#write(budget, failedStatus(budget, (error as Error).message, formatTime(clock.now())));
    }
  }

  async #sync(budget: PodDisruptionBudget): Promise<ReconcileResult | void> {
    const { client, clock, events } = this.#context;
    const nowMs = clock.now();
    const candidates = client.informer(resources.pods).list(budget.metadata.namespace ?? "");
    const pods = candidates.filter((pod) => isSelected(budget, pod));
    if (pods.length === 0) events.record(budget, "Normal", "NoPods", "No matching pods found");
    const { expected, desiredHealthy, unmanaged } = this.#expected(budget, pods);
    if (unmanaged.length > 0) this.#warnOfUnmanaged(budget);
    const { pending, late, recheckAtMs } = disruptedPods(budget, pods, nowMs);
    for (const pod of late) {
      const { namespace } = budget.metadata;
      // The namespace twice, as upstream says it.
      events.record(pod, "Warning", "NotDeleted", `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`);
    }
    await this.#write(budget, budgetStatus(budget, { expected, desiredHealthy, pods, pending }, formatTime(nowMs)));
    if (recheckAtMs !== undefined) return { requeueAfterMs: Math.max(1, recheckAtMs - nowMs + 1) };
  }

  #expected(budget: PodDisruptionBudget, pods: readonly Pod[]): ReturnType<typeof expectedPods> {
    const { client, events } = this.#context;
    try {
      return expectedPods(budget, pods.length, () => expectedScale(client, pods));
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${(error as Error).message}`;
      events.record(budget, "Warning", "CalculateExpectedPodCountFailed", message);
      throw error;
    }
  }

  #warnOfUnmanaged(budget: PodDisruptionBudget): void {
    const { matchLabels = {}, matchExpressions = [] } = budget.spec?.selector ?? {};
    const labels = Object.keys(matchLabels)
      .sort()
      .map((name) => `${name}:${matchLabels[name]}`);
    const expressions = matchExpressions.map(({ key, operator, values = [] }) => `{${key} ${operator} [${values.join(" ")}]}`);
    const selector = `&LabelSelector{MatchLabels:map[string]string{${labels.map((entry) => `${entry.replace(":", ": ")},`).join("")}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join(",")}},}`;
    this.#context.events.record(
      budget,
      "Warning",
      "UnmanagedPods",
      `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`,
    );
  }

  async #write(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<void> {
    if (deepEqual(withoutZeros(budget.status ?? {}), withoutZeros(status)) && budget.status !== undefined) return;
    try {
      await this.#context.client.resource(resources.podDisruptionBudgets, budget.metadata.namespace).updateStatus({ ...budget, status });
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }
}

function isSelected(budget: PodDisruptionBudget, pod: Pod): boolean {
  return selectorFrom(budget.spec?.selector).matches(pod.metadata.labels ?? {});
}
