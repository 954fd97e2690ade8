import { hasReason, type DeleteOptions } from "@coracle/apimachinery";
import { listObjects, Matcher } from "../cacher/index.ts";
import type { ListQuery, ListView, ObjectView, RequestContext } from "./contract.ts";
import { deleteObject } from "./delete.ts";
import type { RegistryCore, Target } from "./target.ts";

/** Deletions of one request that run at a time. */
const workers = 16;

/** Serves a DELETE of a collection; the answer lists what was there. */
export async function deleteObjects(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  { options, query }: { options: DeleteOptions; query: ListQuery },
): Promise<ListView> {
  const { served, address } = target;
  const matcher = new Matcher(served, query.labelSelector, query.fieldSelector);
  const list = await listObjects({ store: core.store, cacher: core.cacher, served }, { namespace: address.namespace, matcher }, query);
  const pending = [...list.items];
  const work = async (): Promise<void> => {
    for (let item = pending.shift(); item !== undefined; item = pending.shift()) await deleteItem(core, target, context, { item, options });
  };
  await Promise.all(Array.from({ length: Math.min(workers, pending.length) }, work));
  return list;
}

async function deleteItem(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  { item, options }: { item: ObjectView; options: DeleteOptions },
): Promise<void> {
  const { name = "", namespace = "" } = item.object.metadata;
  const one: Target = { ...target, address: { ...target.address, name, namespace }, isItem: true };
  try {
    await deleteObject(core, one, context, options);
  } catch (error) {
    // Somebody else was faster, which is as good.
    if (!hasReason(error, "NotFound")) throw error;
  }
}
