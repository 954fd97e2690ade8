import { hasReason, type ResourceType, type UnstructuredObject } from "@coracle/apimachinery";
import type { Client, ResourceClient } from "@coracle/client";

/** What is left of one resource in a namespace after a deletion was asked for. */
export interface Remainder {
  readonly resource: ResourceType;
  readonly count: number;
  /** Objects by the finalizers that hold them. */
  readonly finalizers: ReadonlyMap<string, number>;
  readonly error?: Error;
}

/** Resources worked on at the same time. */
const parallel = 8;

/**
 * Deletes everything in a namespace: pods first, and the rest only when they are gone, so that nothing a pod uses goes before it.
 * Answers what remains; a namespace is empty when that is nothing.
 */
export async function deleteContent(
  client: Client,
  namespace: string,
  resources: readonly ResourceType[],
  graceIsOver: (longestGraceSeconds: number) => boolean,
): Promise<Remainder[]> {
  const isPods = ({ group, resource }: ResourceType): boolean => group === "" && resource === "pods";
  const empty = (resource: ResourceType): Promise<Remainder> => emptyResource(client.resource(resource, namespace), resource, graceIsOver);
  const left = (remainders: readonly Remainder[]): Remainder[] => remainders.filter(({ count, error }) => count > 0 || error !== undefined);
  const pods = left(await Promise.all(resources.filter(isPods).map(empty)));
  if (pods.length > 0) return pods;
  const others = resources.filter((resource) => resource.isNamespaced && !isPods(resource));
  const remainders: Remainder[] = [];
  for (let start = 0; start < others.length; start += parallel) {
    remainders.push(...(await Promise.all(others.slice(start, start + parallel).map(empty))));
  }
  return left(remainders);
}

async function emptyResource(
  requests: ResourceClient<UnstructuredObject>,
  resource: ResourceType,
  graceIsOver: (longestGraceSeconds: number) => boolean,
): Promise<Remainder> {
  try {
    const before = await listAll(requests);
    if (before.length === 0) return { resource, count: 0, finalizers: new Map() };
    await deleteAll(requests, before);
    const after = await listAll(requests);
    const remainder = { resource, count: after.length, finalizers: countFinalizers(after) };
    const longestGraceSeconds = Math.max(0, ...before.map(gracePeriodOf));
    if (after.length === 0 || remainder.finalizers.size > 0 || !graceIsOver(longestGraceSeconds)) return remainder;
    const { group, version, resource: plural } = resource;
    const gvr = `${group}/${version}, Resource=${plural}`;
    const where = after[0]?.metadata.namespace ?? "";
    return { ...remainder, error: new Error(`unexpected items still remain in namespace: ${where} for gvr: ${gvr}`) };
  } catch (error) {
    return { resource, count: 0, finalizers: new Map(), error: error as Error };
  }
}

async function listAll(requests: ResourceClient<UnstructuredObject>): Promise<UnstructuredObject[]> {
  const objects: UnstructuredObject[] = [];
  let next: string | undefined;
  do {
    try {
      const page = await requests.list({ limit: 500, ...(next === undefined ? {} : { continue: next }) });
      objects.push(...page.items);
      next = page.metadata.continue;
    } catch (error) {
      // A custom resource whose definition went meanwhile, or one that cannot be listed.
      if (hasReason(error, "NotFound", "MethodNotAllowed")) return [];
      throw error;
    }
  } while (next !== undefined && next !== "");
  return objects;
}

async function deleteAll(requests: ResourceClient<UnstructuredObject>, objects: readonly UnstructuredObject[]): Promise<void> {
  try {
    await requests.deleteCollection({ propagationPolicy: "Background" });
  } catch (error) {
    if (!hasReason(error, "NotFound", "MethodNotAllowed")) throw error;
    for (const { metadata } of objects) {
      await requests.delete(metadata.name ?? "", { propagationPolicy: "Background" }).catch((refusal: unknown) => {
        if (!hasReason(refusal, "NotFound", "MethodNotAllowed")) throw refusal;
      });
    }
  }
}

function countFinalizers(objects: readonly UnstructuredObject[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { metadata } of objects)
    for (const finalizer of metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  return counts;
}

/** Seconds that a running pod may take to end; nothing else is deleted gracefully. */
function gracePeriodOf({ kind, spec, status }: UnstructuredObject): number {
  const phase = (status as { phase?: string } | undefined)?.phase;
  if (kind !== "Pod" || phase === "Succeeded" || phase === "Failed") return 0;
  return (spec as { terminationGracePeriodSeconds?: number } | undefined)?.terminationGracePeriodSeconds ?? 0;
}
