import { controllerReference, deepEqual, hasReason, isControlledBy, type KubeObject } from "@coracle/apimachinery";
import { resources, type ControllerRevision } from "@coracle/api";
import type { Client } from "@coracle/client";
import { hashOf } from "./template-hash.ts";

/** A workload's data at each of its revisions, oldest first, kept as ControllerRevisions. */
export interface RevisionHistory {
  readonly current: ControllerRevision;
  /** The other revisions, oldest first. */
  readonly others: readonly ControllerRevision[];
}

export interface RevisionOptions {
  readonly client: Client;
  readonly owner: KubeObject;
  /** What a revision stores: a patch that restores it. */
  readonly data: Record<string, unknown>;
  readonly labels: Record<string, string>;
  readonly revisions: readonly ControllerRevision[];
}

/** Finds the revision of `data`, or makes it; an older equal one becomes the newest, as a rollback does. */
export async function ensureRevision({ client, owner, data, labels, revisions }: RevisionOptions): Promise<RevisionHistory> {
  const own = revisions
    .filter((revision) => isControlledBy(revision, owner))
    .sort((a, b) => Number(a.revision) - Number(b.revision) || (a.metadata.name ?? "").localeCompare(b.metadata.name ?? ""));
  const equal = own.findLast((revision) => deepEqual(revision.data, data));
  const newest = Number(own.at(-1)?.revision ?? 0);
  const { namespace } = owner.metadata;
  const api = client.resource(resources.controllerRevisions, namespace);
  let current = equal;
  if (equal === undefined) {
    const hash = hashOf(data);
    const draft: ControllerRevision = {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: {
        name: `${owner.metadata.name}-${hash}`,
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...labels, "controller-revision-hash": hash },
        ownerReferences: [controllerReference(owner)],
      },
      data,
      revision: newest + 1,
    };
    current = await api.create(draft).catch(async (error: unknown) => {
      if (!hasReason(error, "AlreadyExists")) throw error;
      return api.get(draft.metadata.name ?? "");
    });
  } else if (Number(equal.revision) < newest)
    current = await api.patch(equal.metadata.name ?? "", { revision: newest + 1 }, { type: "application/merge-patch+json" });
  const chosen = current as ControllerRevision;
  return { current: chosen, others: own.filter((revision) => revision.metadata.uid !== chosen.metadata.uid) };
}

/** Deletes the oldest revisions that nothing uses, beyond `limit`. */
export async function truncateHistory(
  client: Client,
  history: RevisionHistory,
  limit: number,
  isUsed: (revision: ControllerRevision) => boolean,
): Promise<void> {
  const unused = history.others.filter((revision) => !isUsed(revision));
  for (const revision of unused.slice(0, Math.max(0, unused.length - limit))) {
    await client
      .resource(resources.controllerRevisions, revision.metadata.namespace)
      .delete(revision.metadata.name ?? "")
      .catch((error: unknown) => {
        if (!hasReason(error, "NotFound")) throw error;
      });
  }
}
