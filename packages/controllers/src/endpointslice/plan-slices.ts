import type { Endpoint, EndpointSlice, Service } from "@coracle/api";
import { controllerReference, deepEqual } from "@coracle/apimachinery";
import { isHeadless } from "../service-backends/backends.ts";

export const serviceNameLabel = "kubernetes.io/service-name";
export const managedByLabel = "endpointslice.kubernetes.io/managed-by";
export const headlessLabel = "service.kubernetes.io/headless";
export const controllerLabelValue = "endpointslice-controller.k8s.io";

// Not core/v1's type of the same name.
export type EndpointPort = NonNullable<EndpointSlice["ports"]>[number];
export type AddressType = "IPv4" | "IPv6";

/** Endpoints that are reached on the same ports, and so may share a slice. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** What has to be written, deletions last, so that no endpoint is missing meanwhile. */
export interface SlicePlan {
  readonly create: EndpointSlice[];
  readonly update: EndpointSlice[];
  readonly remove: EndpointSlice[];
}

export interface SlicePlanInput {
  readonly service: Service;
  readonly addressType: AddressType;
  readonly groups: readonly EndpointGroup[];
  /** The slices of the Service and address type that there are. */
  readonly existing: readonly EndpointSlice[];
  readonly maxEndpointsPerSlice: number;
}

/**
 * Says which slices to write so that they hold the groups' endpoints, with as few writes as possible: endpoints stay in the slice they are
 * in; slices that change anyway take new ones, fullest first; then one that has room for all the rest, then new ones. Without any
 * endpoint there is one empty slice. Writes of upstream's controller for the same input are the same but for the order of endpoints.
 */
export function planSlices(input: SlicePlanInput): SlicePlan {
  const { service, existing, groups } = input;
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const byPorts = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    if (!isOwnedBy(slice, service)) plan.remove.push(slice);
    else byPorts.set(portsKey(slice.ports ?? []), [...(byPorts.get(portsKey(slice.ports ?? [])) ?? []), slice]);
  }
  for (const group of groups) {
    const key = portsKey(group.ports);
    planGroup(plan, group, { ...input, existing: byPorts.get(key) ?? [] });
    byPorts.delete(key);
  }
  for (const slices of byPorts.values()) plan.remove.push(...slices);
  addPlaceholder(plan, input);
  return reuseRemoved(plan, service);
}

/** A slice being filled; `original` is absent for a new one. */
interface Draft {
  readonly original: EndpointSlice | undefined;
  endpoints: Endpoint[];
  isChanged: boolean;
}

function planGroup(plan: SlicePlan, group: EndpointGroup, input: SlicePlanInput): void {
  const { service, maxEndpointsPerSlice } = input;
  const wanted = new Map(group.endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const labels = sliceLabels(service);
  const drafts = input.existing.map((slice) => keepWanted(slice, wanted));
  const rest = [...wanted.values()];
  const fill = (draft: Draft): void => {
    const room = maxEndpointsPerSlice - draft.endpoints.length;
    if (room <= 0 || rest.length === 0) return;
    draft.endpoints.push(...rest.splice(0, room));
    draft.isChanged = true;
  };
  const changed = drafts.filter((draft) => draft.isChanged && draft.endpoints.length > 0);
  changed.sort((a, b) => b.endpoints.length - a.endpoints.length).forEach(fill);
  while (rest.length > 0) {
    const roomy = drafts.filter((draft) => !draft.isChanged && draft.endpoints.length + rest.length <= maxEndpointsPerSlice);
    const fullest = roomy.sort((a, b) => b.endpoints.length - a.endpoints.length)[0];
    const draft = fullest ?? { original: undefined, endpoints: [], isChanged: true };
    if (fullest === undefined) drafts.push(draft);
    fill(draft);
  }
  for (const { original, endpoints, isChanged } of drafts) {
    if (original === undefined) plan.create.push(newSlice(input, group.ports, endpoints));
    else if (endpoints.length === 0) plan.remove.push(original);
    else if (isChanged || !deepEqual(original.metadata.labels, labels)) plan.update.push({ ...withLabels(original, labels), endpoints });
  }
}

/** The slice with the wanted endpoints of those it has; takes them out of `wanted`. */
function keepWanted(slice: EndpointSlice, wanted: Map<string, Endpoint>): Draft {
  const endpoints: Endpoint[] = [];
  let isChanged = false;
  for (const present of slice.endpoints ?? []) {
    const key = endpointKey(present);
    const endpoint = wanted.get(key);
    isChanged ||= endpoint === undefined || !deepEqual(endpoint, present);
    if (endpoint === undefined) continue;
    wanted.delete(key);
    endpoints.push(endpoint);
  }
  return { original: slice, endpoints, isChanged };
}

/** A Service without endpoints has one slice that says so. */
function addPlaceholder(plan: SlicePlan, input: SlicePlanInput): void {
  if (plan.create.length > 0 || plan.remove.length < input.existing.length) return;
  const placeholder = newSlice(input, [], []);
  const [only] = plan.remove;
  const isThere =
    only !== undefined &&
    plan.remove.length === 1 &&
    isOwnedBy(only, input.service) &&
    (only.endpoints ?? []).length === 0 &&
    (only.ports ?? []).length === 0 &&
    deepEqual(only.metadata.labels, placeholder.metadata.labels);
  if (isThere) plan.remove.pop();
  else plan.create.push(placeholder);
}

/** Turns creations into updates of slices that would be deleted. */
function reuseRemoved(plan: SlicePlan, service: Service): SlicePlan {
  const remove: EndpointSlice[] = [];
  const create = [...plan.create];
  const update = [...plan.update];
  for (const slice of plan.remove) {
    const fresh = isOwnedBy(slice, service) ? create.pop() : undefined;
    if (fresh === undefined) remove.push(slice);
    else update.push({ ...withLabels(slice, fresh.metadata.labels ?? {}), ports: fresh.ports ?? [], endpoints: fresh.endpoints ?? [] });
  }
  return { create, update, remove };
}

function newSlice({ service, addressType }: SlicePlanInput, ports: readonly EndpointPort[], endpoints: Endpoint[]): EndpointSlice {
  const { name = "", namespace = "" } = service.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { generateName: `${name}-`, namespace, labels: sliceLabels(service), ownerReferences: [controllerReference(service)] },
    addressType,
    endpoints,
    ports: [...ports],
  };
}

function withLabels(slice: EndpointSlice, labels: Record<string, string>): EndpointSlice {
  return { ...slice, metadata: { ...slice.metadata, labels } };
}

/** The Service's labels and those by which slices are found. */
function sliceLabels(service: Service): Record<string, string> {
  const labels: Record<string, string> = { ...service.metadata.labels };
  delete labels[headlessLabel];
  if (isHeadless(service)) labels[headlessLabel] = "";
  labels[serviceNameLabel] = service.metadata.name ?? "";
  labels[managedByLabel] = controllerLabelValue;
  return labels;
}

function isOwnedBy(slice: EndpointSlice, service: Service): boolean {
  return slice.metadata.ownerReferences?.some(({ uid, kind }) => uid === service.metadata.uid && kind === "Service") ?? false;
}

/** What makes two endpoints the same one; everything else of an endpoint may change. */
function endpointKey({ addresses, hostname, targetRef }: Endpoint): string {
  return [[...(addresses ?? [])].sort().join(","), hostname, targetRef?.namespace, targetRef?.name].join("\n");
}

/** Groups ports whatever their order. */
export function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map(({ name = "", port, protocol = "TCP", appProtocol }) => JSON.stringify([name, port, protocol, appProtocol]))
    .sort()
    .join("\n");
}
