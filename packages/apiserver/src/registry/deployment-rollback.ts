import {
  cloneJson,
  invalidField,
  isPlainObject,
  newBadRequest,
  newInvalid,
  newNotFound,
  requiredField,
  successStatus,
  type FieldError,
  type Status,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { ActionHandlers } from "./actions.ts";
import type { ActionHandler, RequestContext, ResourceAddress } from "./contract.ts";
import { retryOnRace } from "./current.ts";
import { keyOf, type RegistryCore, type Target } from "./target.ts";
import { replaceObject } from "./update.ts";

/** Where `apps/v1` keeps the wish, which the deployment controller fulfils. */
const rollbackAnnotation = "deprecated.deployment.rollback.to";

/** Serves `deployments/rollback` of the versions that had it. */
export function rollbackHandlers(core: RegistryCore, targetOf: (address: ResourceAddress) => Target): ActionHandlers {
  const handler: ActionHandler = (context, address, rollback) =>
    rollBack(core, targetOf({ ...address, subresource: "" }), context, rollback);
  return { "deployments.apps/rollback": handler, "deployments.extensions/rollback": handler };
}

async function rollBack(core: RegistryCore, target: Target, context: RequestContext, rollback: UnstructuredObject): Promise<Status> {
  const { name, updatedAnnotations, rollbackTo } = rollback;
  const revision = isPlainObject(rollbackTo) ? (rollbackTo["revision"] ?? 0) : 0;
  const errors = findingsIn(name, revision);
  if (errors.length > 0) throw newInvalid({ group: "apps", kind: "DeploymentRollback" }, typeof name === "string" ? name : "", errors);
  if (name !== target.address.name) throw newBadRequest("name in URL does not match name in DeploymentRollback object");
  await retryOnRace(core, target, keyOf(target), async (current) => {
    if (current === undefined) throw newNotFound(target.qualified, target.address.name);
    const next = cloneJson(current.object) as UnstructuredObject;
    const added = isPlainObject(updatedAnnotations) ? (updatedAnnotations as Record<string, string>) : {};
    next.metadata.annotations = { ...next.metadata.annotations, ...added, [rollbackAnnotation]: String(revision) };
    return replaceObject(core, target, context, { current, next, isOwned: false });
  });
  return { ...successStatus(), message: `rollback request for deployment ${JSON.stringify(name)} succeeded`, code: 200 };
}

function findingsIn(name: unknown, revision: unknown): FieldError[] {
  const errors: FieldError[] = [];
  if (typeof name !== "string" || name === "") errors.push(requiredField("name"));
  if (typeof revision !== "number" || !(revision >= 0))
    errors.push(invalidField("rollback.version", revision, "must be greater than or equal to 0"));
  return errors;
}
