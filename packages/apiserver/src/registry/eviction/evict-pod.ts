import {
  cloneJson,
  findCondition,
  hasReason,
  isConditionTrue,
  newBadRequest,
  newConflict,
  newNotFound,
  selectorFrom,
  successStatus,
  type DeleteOptions,
  type LabelSelector,
  type Status,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { nothingToAdmit } from "../../admission/admission.ts";
import { commitObject, readFromStore } from "../commit.ts";
import type { RequestContext } from "../contract.ts";
import { retryOnRace } from "../current.ts";
import { deleteObject } from "../delete.ts";
import { keyOf, strategyContext, type RegistryCore, type Target } from "../target.ts";
import { disruptionRefused, spendBudget, type Budget, type BudgetStore } from "./spend-budget.ts";

/** The disruption budgets of a namespace. */
export interface Budgets extends BudgetStore {
  list(): readonly Readonly<UnstructuredObject>[];
}

type Pod = Readonly<UnstructuredObject> & {
  readonly status?: { readonly phase?: string; readonly conditions?: readonly PodCondition[] };
};

interface PodCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

interface EvictionRequest {
  readonly eviction: UnstructuredObject;
  readonly budgets: Budgets;
}

const retries = 20;

/**
 * Serves `pods/eviction`: a deletion that respects disruption budgets. `target` addresses the pod.
 * @throws {StatusError} 429 when a budget forbids it.
 */
export async function evictPod(core: RegistryCore, target: Target, context: RequestContext, request: EvictionRequest): Promise<Status> {
  const { eviction, budgets } = request;
  const { name } = target.address;
  if (eviction.metadata.name !== name) throw newBadRequest("name in URL does not match name in Eviction object");
  const options = optionsOf(eviction, context);
  const isUnconditional = options.preconditions?.resourceVersion === undefined;
  const pod = await deleteIfHarmless(core, target, context, options);
  if (pod === undefined) return evicted();
  const matching = matchingBudgets(pod, budgets);
  if (matching.length > 1) return tooManyBudgets();
  const [budget] = matching;
  const isUnprotected = budget !== undefined && !isReady(pod) && mayGoUnhealthy(budget);
  const isDryRun = options.dryRun?.includes("All") ?? false;
  const now = strategyContext(core, target, context).now;
  if (budget !== undefined && !isUnprotected) await spendBudget(budget, { podName: name, store: budgets, isDryRun, now });
  try {
    await markAndDelete(core, target, context, isUnprotected ? ifUnchanged(options, pod) : options);
  } catch (error) {
    // It may have become ready since: then its budget counts.
    if (isUnprotected && isUnconditional && hasReason(error, "Conflict")) throw disruptionRefused(budget.metadata.name ?? "");
    throw error;
  }
  return evicted();
}

function evicted(): Status {
  return { ...successStatus(), code: 201 };
}

/** The options of the deletion; what the request says of a dry run counts too. */
function optionsOf(eviction: UnstructuredObject, { isDryRun }: RequestContext): DeleteOptions {
  const options = (eviction["deleteOptions"] ?? {}) as DeleteOptions;
  return isDryRun && (options.dryRun ?? []).length === 0 ? { ...options, dryRun: ["All"] } : options;
}

/** Deletes a pod that no budget protects: one that has ended, not begun, or is going already. Returns the pod when it is none of these. */
async function deleteIfHarmless(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  options: DeleteOptions,
): Promise<Pod | undefined> {
  const isConditional = options.preconditions?.resourceVersion !== undefined;
  for (let attempt = 1; ; attempt++) {
    const current = await readFromStore(core, target, keyOf(target));
    if (current === undefined) throw newNotFound(target.qualified, target.address.name);
    const pod = { ...current.object, metadata: { ...current.object.metadata, resourceVersion: String(current.revision) } } as Pod;
    const phase = pod.status?.phase ?? "";
    const isLeaving = phase === "Succeeded" || phase === "Failed" || pod.metadata.deletionTimestamp !== undefined;
    if (!isLeaving && phase !== "Pending") return pod;
    try {
      await markAndDelete(core, target, context, isLeaving || isConditional ? options : ifUnchanged(options, pod));
      return undefined;
    } catch (error) {
      if (isConditional || attempt >= retries || !hasReason(error, "Conflict")) throw error;
    }
  }
}

function ifUnchanged(options: DeleteOptions, { metadata: { resourceVersion } }: Pod): DeleteOptions {
  return resourceVersion === undefined ? options : { ...options, preconditions: { ...options.preconditions, resourceVersion } };
}

function matchingBudgets(pod: Pod, budgets: Budgets): Budget[] {
  return budgets.list().filter((budget) => {
    const { selector } = (budget["spec"] ?? {}) as { selector?: LabelSelector };
    return selectorFrom(selector).matches(pod.metadata.labels);
  });
}

function tooManyBudgets(): Status {
  const message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: 500 };
}

function isReady(pod: Pod): boolean {
  return isConditionTrue(pod.status?.conditions, "Ready");
}

/** Whether a pod that is not ready may go without counting (KEP-3017). */
function mayGoUnhealthy(budget: Budget): boolean {
  const { unhealthyPodEvictionPolicy } = (budget["spec"] ?? {}) as { unhealthyPodEvictionPolicy?: string };
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  return unhealthyPodEvictionPolicy === "AlwaysAllow" || (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

/** Says in the pod's status why it goes, and deletes it. */
async function markAndDelete(core: RegistryCore, target: Target, context: RequestContext, options: DeleteOptions): Promise<void> {
  const isDryRun = options.dryRun?.includes("All") ?? false;
  const marked = isDryRun ? options : await markPod(core, target, context, options);
  // As upstream, the eviction was admitted and its deletion needs no admission of its own.
  await deleteObject({ ...core, admission: nothingToAdmit }, target, context, marked);
}

async function markPod(core: RegistryCore, target: Target, context: RequestContext, options: DeleteOptions): Promise<DeleteOptions> {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const revision = await retryOnRace(core, target, keyOf(target), async (current) => {
    if (current === undefined) throw newNotFound(target.qualified, target.address.name);
    const { metadata } = current.object;
    if (uid !== undefined && uid !== metadata.uid) throw refused(target, "UID", uid, metadata.uid);
    if (resourceVersion !== undefined && resourceVersion !== String(current.revision))
      throw refused(target, "ResourceVersion", resourceVersion, String(current.revision));
    const next = cloneJson(current.object) as UnstructuredObject & Pod;
    const { now } = strategyContext(core, target, context);
    const conditions = withDisruptionTarget(next.status?.conditions ?? [], now);
    if (conditions === next.status?.conditions) return current.revision;
    const marked = { ...next, status: { ...next.status, conditions } } as UnstructuredObject;
    return (await commitObject(core, target, marked, { name: target.address.name, revision: current.revision, context }))?.revision;
  });
  if (resourceVersion === undefined) return options;
  return { ...options, preconditions: { ...options.preconditions, resourceVersion: String(revision) } };
}

function withDisruptionTarget(conditions: readonly PodCondition[], now: string): readonly PodCondition[] {
  const fields = { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" } as const;
  const known = findCondition(conditions, fields.type);
  if (known?.status === "True" && known.reason === fields.reason && known.message === fields.message) return conditions;
  const lastTransitionTime = known?.status === "True" ? (known.lastTransitionTime ?? now) : now;
  return [...conditions.filter((condition) => condition !== known), { ...fields, lastTransitionTime }];
}

function refused(target: Target, what: "UID" | "ResourceVersion", wanted: string, found: string | undefined): Error {
  const consequence = what === "UID" ? "The object might have been deleted and then recreated" : "The object might have been modified";
  const cause = `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found}). ${consequence}`;
  return newConflict({ group: "", resource: "Pod" }, target.address.name, cause);
}
