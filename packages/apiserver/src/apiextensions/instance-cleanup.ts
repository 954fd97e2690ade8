import type { Clock } from "@coracle/base";
import type { Registry, RequestContext, ResourceAddress } from "../registry/contract.ts";
import { isEstablished } from "./naming.ts";
import type { CustomResourceCondition, CustomResourceDefinition } from "./types.ts";

export interface CleanupOptions {
  readonly registry: Pick<Registry, "list" | "deleteCollection">;
  readonly clock: Clock;
  readonly context: RequestContext;
}

type Terminating = Omit<CustomResourceCondition, "lastTransitionTime">;

const firstPollMs = 20;
const slowestPollMs = 1000;
const patienceMs = 60_000;

/**
 * Deletes every object of a custom resource and waits until they are gone, for their finalizers may take a while. Returns the
 * `Terminating` condition: False when none is left, True with the reason why some are.
 */
export async function cleanUpInstances(crd: Readonly<CustomResourceDefinition>, options: CleanupOptions): Promise<Terminating> {
  if (!isEstablished(crd)) return terminating("False", "NeverEstablished", "resource was never established");
  const address = instancesOf(crd);
  if (address === undefined) return terminating("False", "InstanceDeletionCompleted", "removed all instances");
  let namespaces: Set<string>;
  try {
    namespaces = await namespacesWithInstances(address, options);
  } catch (error) {
    return terminating("True", "InstanceDeletionFailed", `could not list instances: ${textOf(error)}`);
  }
  for (const namespace of namespaces) {
    try {
      await options.registry.deleteCollection(options.context, { ...address, namespace }, {}, {});
    } catch (error) {
      return terminating("True", "InstanceDeletionFailed", `could not issue all deletes: ${textOf(error)}`);
    }
  }
  const isGone = namespaces.size === 0 || (await waitUntilGone(address, options));
  return isGone
    ? terminating("False", "InstanceDeletionCompleted", "removed all instances")
    : terminating("True", "InstanceDeletionCheck", "could not confirm zero CustomResources remaining: timed out waiting for the condition");
}

function terminating(status: "True" | "False", reason: string, message: string): Terminating {
  return { type: "Terminating", status, reason, message };
}

/** Through any version that is served; the storage version is while its definition goes away. */
function instancesOf(crd: Readonly<CustomResourceDefinition>): ResourceAddress | undefined {
  const { versions } = crd.spec;
  const served = versions.filter((version) => version.served);
  const version = served[0] ?? versions.find(({ storage }) => storage);
  if (version === undefined) return undefined;
  const resource = crd.status?.acceptedNames?.plural ?? crd.spec.names.plural;
  return { group: crd.spec.group, version: version.name, resource, namespace: "", name: "", subresource: "" };
}

async function namespacesWithInstances(address: ResourceAddress, { registry, context }: CleanupOptions): Promise<Set<string>> {
  const { items } = await registry.list(context, address, {});
  return new Set(items.map(({ object }) => object.metadata.namespace ?? ""));
}

async function waitUntilGone(address: ResourceAddress, options: CleanupOptions): Promise<boolean> {
  const { registry, clock, context } = options;
  const deadlineMs = clock.monotonic() + patienceMs;
  for (let delayMs = firstPollMs; clock.monotonic() < deadlineMs; delayMs = Math.min(delayMs * 2, slowestPollMs)) {
    const { items } = await registry.list(context, address, { limit: 1 });
    if (items.length === 0) return true;
    await clock.sleep(delayMs, context.signal);
  }
  return false;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
