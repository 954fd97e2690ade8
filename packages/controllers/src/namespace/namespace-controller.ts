import { resources, type Namespace } from "@coracle/api";
import { formatTime, hasReason, parseTime, type Condition, type ResourceType } from "@coracle/apimachinery";
import { mapped, watchFor, type ControllerContext, type ControllerFactory, type ReconcileResult } from "@coracle/operator";
import { deletionConditions } from "./conditions.ts";
import { deleteContent, type Remainder } from "./content.ts";

export interface NamespaceControllerOptions {
  /** Every resource served now whose objects are in namespaces and can be deleted, custom ones included; asked at each deletion. */
  resources(): readonly ResourceType[] | Promise<readonly ResourceType[]>;
  /** Defaults to 10. */
  readonly concurrency?: number;
  /**
   * Time between the deletion and the first look, in which other API servers learn of it and stop to admit objects. Defaults to 0, for
   * one API server; upstream waits 5000.
   */
  readonly startGraceMs?: number;
}

const finalizerToken = "kubernetes";

/**
 * Empties namespaces that are being deleted, then lets them go by way of `finalize`, as kube-controller-manager's namespace controller does.
 * What holds a namespace shows in its conditions. Looks again soon at first and less often as time goes by, at once when a pod went.
 */
export function createNamespaceController(options: NamespaceControllerOptions): ControllerFactory {
  return ({ client }) => ({
    name: "namespace-controller",
    concurrency: options.concurrency ?? 10,
    sources: [
      watchFor(resources.namespaces, (event, namespace) => event !== "delete" && namespace.metadata.deletionTimestamp !== undefined),
      mapped(
        resources.pods,
        ({ metadata }) => [metadata.namespace ?? ""],
        (event, { metadata }) => event === "delete" && isTerminating(client.informer(resources.namespaces).get(metadata.namespace ?? "")),
      ),
    ],
    async reconcile(key, context) {
      const namespace = client.informer(resources.namespaces).get(key);
      return namespace !== undefined && isTerminating(namespace) ? syncDeletion(namespace, options, context) : undefined;
    },
  });
}

function isTerminating(namespace: Namespace | undefined): boolean {
  return namespace?.metadata.deletionTimestamp !== undefined;
}

async function syncDeletion(
  namespace: Namespace,
  options: NamespaceControllerOptions,
  context: ControllerContext,
): Promise<ReconcileResult | void> {
  const { client, clock } = context;
  const { name = "", deletionTimestamp } = namespace.metadata;
  const elapsedMs = Math.max(0, clock.now() - parseTime(deletionTimestamp));
  const { startGraceMs = 0 } = options;
  if (elapsedMs < startGraceMs) return { requeueAfterMs: startGraceMs - elapsedMs };
  if (!(namespace.spec?.finalizers ?? []).includes(finalizerToken)) return undefined;
  let current = namespace;
  if (current.status?.phase !== "Terminating") {
    current = await client.resource(resources.namespaces).updateStatus({ ...current, status: { ...current.status, phase: "Terminating" } });
  }
  const graceIsOver = (longestGraceSeconds: number): boolean => elapsedMs >= longestGraceSeconds * 1000;
  const remainders = await deleteContent(client, name, await options.resources(), graceIsOver);
  current = await writeConditions(current, remainders, context);
  const errors = remainders.flatMap(({ error }) => (error === undefined ? [] : [error]));
  if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join(", "));
  if (remainders.length > 0) return { requeueAfterMs: Math.min(15_000, Math.max(200, elapsedMs / 2)) };
  await finalize(current, context);
  return undefined;
}

async function writeConditions(
  namespace: Namespace,
  remainders: readonly Remainder[],
  { client, clock }: ControllerContext,
): Promise<Namespace> {
  const others = [
    ...(namespace.spec?.finalizers ?? []).filter((token) => token !== finalizerToken),
    ...(namespace.metadata.finalizers ?? []),
  ];
  // Nobody would see the conditions of a namespace that goes now.
  if (remainders.length === 0 && others.length === 0) return namespace;
  const old = (namespace.status?.conditions ?? []) as readonly Condition[];
  const conditions = deletionConditions(old, remainders, formatTime(clock.now()));
  if (conditions === old) return namespace;
  return client.resource(resources.namespaces).updateStatus({ ...namespace, status: { ...namespace.status, conditions: [...conditions] } });
}

async function finalize(namespace: Namespace, { client }: ControllerContext): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((token) => token !== finalizerToken);
  const body: Namespace = { ...namespace, spec: { ...namespace.spec, finalizers } };
  const target = { resource: resources.namespaces, name: namespace.metadata.name ?? "" };
  await client.transport.request({ verb: "update", ...target, subresource: "finalize", body }).catch((error: unknown) => {
    if (!hasReason(error, "NotFound")) throw error;
  });
}
