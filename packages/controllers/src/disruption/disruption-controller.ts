import { deepEqual, formatTime, hasReason, selectorFrom } from "@coracle/apimachinery";
import { resources, withSyncFailed, type Pod, type PodDisruptionBudget, type PodDisruptionBudgetStatus } from "@coracle/api";
import type { Client } from "@coracle/client";
import { cached, mapped, watchFor, type ControllerContext, type ControllerFactory, type ReconcileResult } from "@coracle/operator";
import { withoutZeros } from "../pod-control/stored-status.ts";
import { budgetStatus, disruptedPods, type Disrupted } from "./budget-status.ts";
import { expectedPods, type OwnerLookup } from "./expected-pods.ts";
import { selectorText } from "./selector-text.ts";

export type DisruptionControllerOptions = Pick<OwnerLookup, "kindOf">;

/** Keeps the status of PodDisruptionBudgets, by which the eviction API decides, as kube-controller-manager's disruption controller does. */
export function createDisruptionController(options: DisruptionControllerOptions): ControllerFactory {
  return (context) => {
    const { client } = context;
    return {
      // The source of its events, as upstream has it.
      name: "controllermanager",
      sources: [
        watchFor(resources.podDisruptionBudgets),
        mapped(resources.pods, (pod) => budgetsOf(client, pod)),
        cached(resources.replicationControllers),
        cached(resources.deployments),
        cached(resources.replicaSets),
        cached(resources.statefulSets),
      ],
      reconcile: (key) => reconcile(key, context, { client, kindOf: options.kindOf }),
    };
  };
}

function budgetsOf(client: Client, pod: Pod): string[] {
  const { namespace = "", labels } = pod.metadata;
  const budgets = client.informer(resources.podDisruptionBudgets).list(namespace);
  return budgets.filter(({ spec }) => selectorFrom(spec?.selector).matches(labels)).map(({ metadata }) => `${namespace}/${metadata.name}`);
}

async function reconcile(key: string, context: ControllerContext, lookup: OwnerLookup): Promise<ReconcileResult | void> {
  const { client, clock } = context;
  const budget = client.informer(resources.podDisruptionBudgets).get(key);
  if (budget === undefined) return;
  const nowMs = clock.now();
  try {
    const { status, disrupted } = await workOut(budget, context, lookup);
    await writeStatus(client, budget, status);
    if (disrupted.recheckAtMs !== undefined) return { requeueAfterMs: disrupted.recheckAtMs - nowMs + 1 };
  } catch (error) {
    // Somebody was faster, an eviction perhaps: the newer budget comes by itself.
    if (hasReason(error, "Conflict", "NotFound")) return;
    // Unknown is unsafe: no evictions until it is known again.
    const failure = { message: (error as Error).message, observedGeneration: budget.status?.observedGeneration ?? 0 };
    const conditions = withSyncFailed(budget.status?.conditions, failure, formatTime(nowMs));
    await writeStatus(client, budget, { ...budget.status, disruptionsAllowed: 0, conditions });
  }
}

async function workOut(
  budget: PodDisruptionBudget,
  { client, clock, events }: ControllerContext,
  lookup: OwnerLookup,
): Promise<{ status: PodDisruptionBudgetStatus; disrupted: Disrupted }> {
  const { namespace = "", name } = budget.metadata;
  const selector = selectorFrom(budget.spec?.selector);
  const pods = client
    .informer(resources.pods)
    .list(namespace)
    .filter(({ metadata }) => selector.matches(metadata.labels));
  if (pods.length === 0) events.record(budget, "Normal", "NoPods", "No matching pods found");
  const expected = await expectedPods(budget, pods, lookup).catch((error: unknown) => {
    const message = `Failed to calculate the number of expected pods: ${(error as Error).message}`;
    events.record(budget, "Warning", "CalculateExpectedPodCountFailed", message);
    throw error;
  });
  if (expected.unmanaged.length > 0) events.record(budget, "Warning", "UnmanagedPods", unmanagedText(budget));
  const disrupted = disruptedPods(budget, pods, clock.now());
  // Upstream names the namespace twice.
  const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
  for (const pod of disrupted.overdue) events.record(pod, "Warning", "NotDeleted", message);
  const isOnly = client.informer(resources.podDisruptionBudgets).list(namespace).length === 1;
  if (!isOnly) for (const pod of pods) if (budgetsOf(client, pod).length > 1) warnOfMany(pod, name ?? "", events);
  return { status: budgetStatus(budget, { expected, disrupted, pods }, clock.now()), disrupted };
}

function warnOfMany(pod: Pod, chosen: string, events: ControllerContext["events"]): void {
  const { namespace, name } = pod.metadata;
  const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${chosen}" arbitrarily.`;
  events.record(pod, "Warning", "MultiplePodDisruptionBudgets", message);
}

function unmanagedText({ spec }: PodDisruptionBudget): string {
  const found = `Pods selected by this PodDisruptionBudget (selector: ${selectorText(spec?.selector)}) were found to be unmanaged.`;
  const effect = "As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior.";
  return `${found} ${effect} To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
}

async function writeStatus(client: Client, budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<void> {
  if (budget.status !== undefined && deepEqual(withoutZeros(budget.status), withoutZeros(status))) return;
  await client.resource(resources.podDisruptionBudgets, budget.metadata.namespace).updateStatus({ ...budget, status });
}
