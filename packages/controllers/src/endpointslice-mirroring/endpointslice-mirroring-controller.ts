import { deepEqual, hasReason, isNamespaceTerminating } from "@coracle/apimachinery";
import { resources, type Endpoints, type EndpointSlice } from "@coracle/api";
import { mapped, watchFor, type ControllerContext, type ControllerDefinition } from "@coracle/operator";
import { managedByLabel, serviceNameLabel } from "../endpointslice/plan-slices.ts";
import { mirroredSlices, mirroringValue, sliceKey, subsetLimit } from "./mirrored-slices.ts";

const byEndpoints = "endpointslice-mirroring/endpoints";
const skipLabel = "endpointslice.kubernetes.io/skip-mirror";
const leaderElectionAnnotation = "control-plane.alpha.kubernetes.io/leader";

/** Says in EndpointSlices what somebody wrote into the Endpoints of a Service without a selector. */
export function createEndpointSliceMirroringController(context: ControllerContext): ControllerDefinition {
  const { client } = context;
  client.informer(resources.endpointSlices).addIndex(byEndpoints, endpointsKeysOf);
  return {
    name: "endpointslice-mirroring-controller",
    concurrency: 5,
    sources: [
      watchFor(resources.endpoints),
      watchFor(resources.services, (event, service, old) => event !== "update" || hasSelector(service) !== hasSelector(old)),
      mapped(resources.endpointSlices, endpointsKeysOf, (event) => event !== "add"),
    ],
    reconcile: (key) => reconcile(key, context),
  };
}

function hasSelector(service: { spec?: { selector?: unknown } | undefined } | undefined): boolean {
  return service?.spec?.selector !== undefined;
}

function endpointsKeysOf({ metadata }: EndpointSlice): readonly string[] {
  const { [managedByLabel]: manager, [serviceNameLabel]: name = "" } = metadata.labels ?? {};
  return manager === mirroringValue && name !== "" ? [`${metadata.namespace}/${name}`] : [];
}

async function reconcile(key: string, context: ControllerContext): Promise<void> {
  const { client } = context;
  const endpoints = client.informer(resources.endpoints).get(key);
  const service = client.informer(resources.services).get(key);
  const isMirrored = endpoints !== undefined && isMirrorable(endpoints) && service !== undefined && !hasSelector(service);
  const existing = client.informer(resources.endpointSlices).byIndex(byEndpoints, key);
  if (isMirrored) await mirror(endpoints, existing, context);
  else for (const slice of existing) await remove(slice, context);
}

function isMirrorable({ metadata }: Endpoints): boolean {
  return metadata.labels?.[skipLabel] !== "true" && metadata.annotations?.[leaderElectionAnnotation] === undefined;
}

async function mirror(endpoints: Endpoints, existing: readonly EndpointSlice[], context: ControllerContext): Promise<void> {
  const { slices: wanted, invalidCount, skippedCount } = mirroredSlices(endpoints);
  const tell = (reason: string, message: string): void => context.events.record(endpoints, "Warning", reason, message);
  if (invalidCount > 0) tell("InvalidIPAddress", `Skipped ${invalidCount} invalid IP addresses when mirroring to EndpointSlices`);
  if (skippedCount > invalidCount) {
    const limit = `A max of ${subsetLimit} addresses can be mirrored to EndpointSlices per Endpoints subset.`;
    tell("TooManyAddressesToMirror", `${limit} ${skippedCount} addresses were skipped`);
  }
  const missing = new Map(wanted);
  const surplus: EndpointSlice[] = [];
  const slices = context.client.resource(resources.endpointSlices, endpoints.metadata.namespace);
  for (const slice of existing) {
    const key = sliceKey(slice.addressType, slice.ports ?? []);
    const next = missing.get(key);
    if (!missing.delete(key) || next === undefined) surplus.push(slice);
    else if (!isSame(slice, next)) await slices.update(asUpdate(slice, next));
  }
  if (endpoints.metadata.deletionTimestamp === undefined) {
    try {
      for (const slice of missing.values()) await reuseOrCreate(slice, surplus, context);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  }
  for (const slice of surplus) await remove(slice, context);
}

/** Nothing is missing meanwhile when a slice that would go takes over. */
async function reuseOrCreate(slice: EndpointSlice, surplus: EndpointSlice[], { client }: ControllerContext): Promise<void> {
  const slices = client.resource(resources.endpointSlices, slice.metadata.namespace);
  const index = surplus.findIndex(({ addressType }) => addressType === slice.addressType);
  const [reused] = index < 0 ? [] : surplus.splice(index, 1);
  await (reused === undefined ? slices.create(slice) : slices.update(asUpdate(reused, slice)));
}

function asUpdate(slice: EndpointSlice, { metadata, endpoints = [], ports = [] }: EndpointSlice): EndpointSlice {
  const { annotations: _old, ...kept } = slice.metadata;
  const { labels = {}, annotations, ownerReferences = [] } = metadata;
  return {
    ...slice,
    metadata: { ...kept, labels, ...(annotations !== undefined && { annotations }), ownerReferences },
    endpoints,
    ports,
  };
}

function isSame(slice: EndpointSlice, wanted: EndpointSlice): boolean {
  const parts = ({ metadata, endpoints = [] }: EndpointSlice): unknown => [
    metadata.labels,
    metadata.annotations ?? {},
    metadata.ownerReferences?.map(({ uid }) => uid),
    endpoints,
  ];
  return deepEqual(parts(slice), parts(wanted));
}

async function remove({ metadata }: EndpointSlice, { client }: ControllerContext): Promise<void> {
  try {
    await client.resource(resources.endpointSlices, metadata.namespace).delete(metadata.name ?? "");
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
  }
}
