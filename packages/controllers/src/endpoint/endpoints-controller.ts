import { resources, type Endpoints, type Service } from "@coracle/api";
import { isNamespaceTerminating, deepEqual, hasReason, parseObjectKey } from "@coracle/apimachinery";
import { mapped, type ControllerContext, type ControllerFactory, type Source } from "@coracle/operator";
import { objectKey } from "@coracle/apimachinery";
import { hasBackends, isHeadless, podsOfService } from "../service-backends/backends.ts";
import { backendSources } from "../service-backends/sources.ts";
import { triggerTimeAnnotation, TriggerTimes } from "../service-backends/trigger-times.ts";
import { subsetsOfService, truncateSubsets } from "./subsets.ts";

export interface EndpointsControllerOptions {
  /** Defaults to 5. */
  readonly concurrency?: number;
}

const managedByLabel = "endpoints.kubernetes.io/managed-by";
const managedByValue = "endpoint-controller";
const headlessLabel = "service.kubernetes.io/headless";
const overCapacityAnnotation = "endpoints.kubernetes.io/over-capacity";
const leaderElectionAnnotation = "control-plane.alpha.kubernetes.io/leader";

/** Keeps the Endpoints of Services with a selector, as kube-controller-manager's endpoints controller does. */
export function createEndpointsController(options: EndpointsControllerOptions = {}): ControllerFactory {
  return ({ client }) => {
    const triggerTimes = new TriggerTimes();
    // Whose Service went while no controller ran is found at the start. Later ones without a Service are somebody's own.
    const isLeftover: NonNullable<Source<Endpoints>["predicate"]> = (event, _endpoints, _old, isInitial) => isInitial || event === "delete";
    return {
      name: "endpoint-controller",
      concurrency: options.concurrency ?? 5,
      sources: [...backendSources(client), mapped(resources.endpoints, (endpoints) => [objectKey(endpoints)], isLeftover)],
      async reconcile(key, context) {
        const service = client.informer(resources.services).get(key);
        if (service === undefined) {
          triggerTimes.forget(key);
          await deleteEndpoints(key, context);
        } else if (hasBackends(service)) {
          await syncEndpoints(service, triggerTimes, context);
        }
      },
    };
  };
}

async function deleteEndpoints(key: string, { client }: ControllerContext): Promise<void> {
  const { namespace, name } = parseObjectKey(key);
  const endpoints = client.informer(resources.endpoints).get(key);
  if (endpoints === undefined || endpoints.metadata.annotations?.[leaderElectionAnnotation] !== undefined) return;
  await client
    .resource(resources.endpoints, namespace)
    .delete(name, { preconditions: { uid: endpoints.metadata.uid ?? "" } })
    .catch((error: unknown) => {
      if (!hasReason(error, "NotFound")) throw error;
    });
}

async function syncEndpoints(service: Service, triggerTimes: TriggerTimes, { client, events }: ControllerContext): Promise<void> {
  const key = objectKey(service);
  const pods = podsOfService(service, client.informer(resources.pods));
  const triggerTime = triggerTimes.update(service, pods);
  const current = client.informer(resources.endpoints).get(key);
  const desired = desiredEndpoints(service, subsetsOfService(service, pods), { current, triggerTime });
  if (current !== undefined && isUpToDate(current, desired)) return;
  const requests = client.resource(resources.endpoints, service.metadata.namespace);
  try {
    await (current === undefined ? requests.create(desired) : requests.update(desired));
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    if (!hasReason(error, "Conflict", "AlreadyExists")) {
      const [reason, text] =
        current === undefined
          ? ["FailedToCreateEndpoint", "Failed to create endpoint for service"]
          : ["FailedToUpdateEndpoint", "Failed to update endpoint"];
      events.record(desired, "Warning", reason, `${text} ${key}: ${(error as Error).message}`);
    }
    throw error;
  }
}

interface Circumstances {
  readonly current: Endpoints | undefined;
  readonly triggerTime: string | undefined;
}

function desiredEndpoints(service: Service, subsets: Endpoints["subsets"], { current, triggerTime }: Circumstances): Endpoints {
  const { name = "", namespace = "" } = service.metadata;
  const { [triggerTimeAnnotation]: _time, [overCapacityAnnotation]: _over, ...annotations } = current?.metadata.annotations ?? {};
  const truncated = truncateSubsets(subsets ?? []);
  if (triggerTime !== undefined) annotations[triggerTimeAnnotation] = triggerTime;
  if (truncated !== undefined) annotations[overCapacityAnnotation] = "truncated";
  const labels: Record<string, string> = { ...service.metadata.labels, [managedByLabel]: managedByValue };
  delete labels[headlessLabel];
  if (isHeadless(service)) labels[headlessLabel] = "";
  const all = truncated ?? subsets ?? [];
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { ...(current?.metadata ?? { name, namespace }), labels, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    ...(all.length > 0 ? { subsets: all } : {}),
  };
}

/** Whether nothing but the trigger time differs: that alone is no reason to write. */
function isUpToDate(current: Endpoints, desired: Endpoints): boolean {
  return (
    deepEqual(current.subsets ?? [], desired.subsets ?? []) &&
    deepEqual(current.metadata.labels, desired.metadata.labels) &&
    current.metadata.annotations?.[overCapacityAnnotation] === desired.metadata.annotations?.[overCapacityAnnotation]
  );
}
