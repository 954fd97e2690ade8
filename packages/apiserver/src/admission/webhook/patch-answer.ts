import { applyJsonPatch, newInternalError, quoteText, StatusError } from "@coracle/apimachinery";
import type { AdmissionAttributes } from "../admission.ts";
import type { AdmittedObjects } from "../matching/index.ts";
import { WebhookCallError } from "./errors.ts";
import type { Candidate } from "./hooks.ts";
import type { ReviewAnswer } from "./review.ts";

export interface PatchSubject {
  readonly attributes: AdmissionAttributes;
  readonly objects: AdmittedObjects;
  readonly candidate: Candidate;
  /** `round_0_index_2`, for annotations. */
  readonly place: string;
}

/**
 * Applies the patch of a mutating webhook's answer. Says whether the object is another one now. @throws {StatusError} 500 when the patch does
 * not apply or makes no object of the kind, {@link WebhookCallError} when it is none.
 */
export async function applyAnswer(subject: PatchSubject, { patch, patchType }: ReviewAnswer): Promise<boolean> {
  const { attributes, objects, candidate, place } = subject;
  const { hook, sight } = candidate;
  const { name } = hook.webhook;
  if (patch === undefined) return false;
  const operations = readOperations(name, patch);
  if (operations.length === 0) return false;
  if (attributes.object === undefined) {
    const subjectText = `admission webhook ${quoteText(name)} attempted to modify the object`;
    throw newInternalError(`${subjectText}, which is not supported for this operation`);
  }
  if (patchType !== "JSONPatch") throw new WebhookCallError(name, `unsupported patch type ${quoteText(patchType)}`);
  const { object } = await objects.seenAs(sight);
  const isChanged = await objects.replace(sight, patched(object, operations));
  const note = { configuration: hook.configuration, webhook: name, patch: operations, patchType };
  attributes.context.annotate?.(`patch.webhook.admission.k8s.io/${place}`, JSON.stringify(note), "Request");
  return isChanged;
}

function readOperations(name: string, patch: Buffer): unknown[] {
  let reason: string;
  try {
    const operations: unknown = JSON.parse(patch.toString());
    if (operations === null) return [];
    if (Array.isArray(operations)) return operations as unknown[];
    reason = `json: cannot unmarshal ${typeof operations} into Go value of type jsonpatch.Patch`;
  } catch (error) {
    reason = (error as Error).message;
  }
  throw new WebhookCallError(name, `received undecodable patch in webhook response: ${reason}`);
}

function patched(object: unknown, operations: unknown[]): unknown {
  try {
    return applyJsonPatch(object, operations);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const cause = error.status.details?.causes?.[0]?.message ?? error.message;
    throw newInternalError(cause);
  }
}
