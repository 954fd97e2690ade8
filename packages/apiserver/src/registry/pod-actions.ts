import { newConflict, newNotFound, successStatus, cloneJson, type Status, type UnstructuredObject } from "@coracle/apimachinery";
import type { CachedObject } from "../cacher/index.ts";
import { refuseInvalid } from "./check.ts";
import { commitObject } from "./commit.ts";
import type { RequestContext } from "./contract.ts";
import { retryOnRace } from "./current.ts";
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
