import {
  newConflict,
  newNotFound,
  newTooManyRequests,
  selectorFrom,
  successStatus,
  cloneJson,
  type DeleteOptions,
  type LabelSelector,
  type Status,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { nothingToAdmit } from "../admission/admission.ts";
import type { CachedObject } from "../cacher/index.ts";
import { refuseInvalid } from "./check.ts";
import { commitObject } from "./commit.ts";
import type { RequestContext } from "./contract.ts";
import { retryOnRace } from "./current.ts";
import { deleteObject } from "./delete.ts";
import { recordOwnership } from "./managed-fields.ts";
import { keyOf, strategyContext, type RegistryCore, type Target } from "./target.ts";

interface PodCondition {
  type: string;
  status: string;
  lastTransitionTime?: string;
}

interface PodFields {
  spec?: { nodeName?: string; schedulingGates?: unknown[] };
  status?: { phase?: string; conditions?: PodCondition[] };
}

/** Serves `pods/binding`: gives a pod its node, once. `target` addresses the pod. */
export async function bindPod(core: RegistryCore, target: Target, context: RequestContext, binding: UnstructuredObject): Promise<Status> {
  const reference = binding["target"] as { kind?: string; name?: string } | undefined;
  const node = reference?.name ?? "";
  if (node === "") {
    refuseInvalid(target, target.address.name, [{ type: "FieldValueRequired", field: "target.name", badValue: "", detail: "" }]);
  }
  await retryOnRace(core, target, keyOf(target), async (current) => {
    if (current === undefined) throw newNotFound(target.qualified, target.address.name);
    checkBinding(target, binding, current);
    const next = cloneJson(current.object) as UnstructuredObject & PodFields;
    const { now } = strategyContext(core, target, context);
    next.spec = { ...next.spec, nodeName: node };
    const { annotations, labels } = binding.metadata;
    if (annotations !== undefined) next.metadata.annotations = { ...next.metadata.annotations, ...annotations };
    if (labels !== undefined) next.metadata.labels = { ...next.metadata.labels, ...labels };
    next.status = { ...next.status, conditions: withScheduled(next.status?.conditions ?? [], now) };
    recordOwnership(target, context, { object: next, old: current.object, now });
    return commitObject(core, target, next, { name: target.address.name, revision: current.revision, context });
  });
  return { ...successStatus(), code: 201 };
}

/** The conditions with a PodScheduled that is true; the reason why it was not is gone. */
function withScheduled(conditions: readonly PodCondition[], now: string): PodCondition[] {
  const isScheduled = conditions.some(({ type, status }) => type === "PodScheduled" && status === "True");
  if (isScheduled) return [...conditions];
  const others = conditions.filter(({ type }) => type !== "PodScheduled");
  return [...others, { type: "PodScheduled", status: "True", lastTransitionTime: now }];
}

/** @throws {StatusError} 409 when the pod is going, is bound already, or is another one than the binder thinks. */
function checkBinding(target: Target, binding: UnstructuredObject, current: CachedObject): void {
  const pod = current.object as Readonly<UnstructuredObject> & PodFields;
  const { name } = target.address;
  const { uid = "", resourceVersion = "" } = binding.metadata;
  if (uid !== "" && uid !== pod.metadata.uid) {
    const cause = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`;
    throw newConflict(target.qualified, name, cause);
  }
  if (resourceVersion !== "" && resourceVersion !== String(current.revision)) throw newConflict(target.qualified, name);
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw newConflict(target.qualified, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const nodeName = pod.spec?.nodeName ?? "";
  if (nodeName !== "") throw newConflict(target.qualified, name, `pod ${name} is already assigned to node ${JSON.stringify(nodeName)}`);
  if ((pod.spec?.schedulingGates?.length ?? 0) > 0) {
    throw newConflict(target.qualified, name, `pod ${name} has non-empty .spec.schedulingGates`);
  }
}

export interface EvictionEnvironment {
  /** The disruption budgets of a namespace. */
  budgets(namespace: string): readonly Readonly<UnstructuredObject>[];
  /** Takes one from the budget's `disruptionsAllowed`; false when somebody else changed it meanwhile. */
  spend(budget: Readonly<UnstructuredObject>, podName: string): Promise<boolean>;
}

/** Serves `pods/eviction`: a deletion that respects disruption budgets. */
export async function evictPod(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  request: { readonly eviction: UnstructuredObject; readonly environment: EvictionEnvironment },
): Promise<Status> {
  const { eviction, environment } = request;
  const current = target.cache.get(keyOf(target));
  if (current === undefined) throw newNotFound(target.qualified, target.address.name);
  const options = (eviction["deleteOptions"] ?? {}) as DeleteOptions;
  const pod = current.object as Readonly<UnstructuredObject> & PodFields;
  const phase = pod.status?.phase;
  const needsNoBudget = phase === "Succeeded" || phase === "Failed" || phase === "Pending" || pod.metadata.deletionTimestamp !== undefined;
  if (!needsNoBudget) await spendBudget(target, context, pod, environment);
  // As upstream, the eviction was admitted and its deletion needs no admission of its own.
  await deleteObject({ ...core, admission: nothingToAdmit }, target, context, options);
  return { ...successStatus(), code: 201 };
}

/** @throws {StatusError} 429 when a budget forbids it, 500 when more than one covers the pod. */
async function spendBudget(
  target: Target,
  context: RequestContext,
  pod: Readonly<UnstructuredObject>,
  environment: EvictionEnvironment,
): Promise<void> {
  const matching = environment.budgets(target.address.namespace).filter((budget) => {
    const { selector } = (budget["spec"] ?? {}) as { selector?: LabelSelector };
    return selectorFrom(selector).matches(pod.metadata.labels);
  });
  if (matching.length > 1)
    throw new Error("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
  const [budget] = matching;
  if (budget === undefined) return;
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = (budget["status"] ?? {}) as Record<string, number>;
  const name = budget.metadata.name ?? "";
  if (disruptionsAllowed <= 0) {
    const message = `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
    throw disruptionRefused(message);
  }
  if (!context.isDryRun && !(await environment.spend(budget, pod.metadata.name ?? ""))) {
    throw disruptionRefused(`The disruption budget ${name} is still being processed by the server.`);
  }
}

function disruptionRefused(message: string): Error {
  const error = newTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0);
  error.status.details = { ...error.status.details, causes: [{ reason: "DisruptionBudget", message }] };
  return error;
}
