import { isIP, isIPv6 } from "node:net";
import { controllerReference } from "@coracle/apimachinery";
import type { Endpoint, EndpointAddress, Endpoints, EndpointSlice } from "@coracle/api";
import { managedByLabel, portsKey, serviceNameLabel, type AddressType, type EndpointPort } from "../endpointslice/plan-slices.ts";

export const mirroringValue = "endpointslicemirroring-controller.k8s.io";
/** The most addresses of one subset that are mirrored. */
export const subsetLimit = 1000;

const leftOutAnnotations = new Set([
  "endpoints.kubernetes.io/last-change-trigger-time",
  "kubectl.kubernetes.io/last-applied-configuration",
]);

export interface Mirror {
  /** By address type and ports. */
  readonly slices: ReadonlyMap<string, EndpointSlice>;
  readonly invalidCount: number;
  /** Addresses that are not mirrored, the invalid ones among them. */
  readonly skippedCount: number;
}

/** The slices that say what an Endpoints object says. New ones have no name yet. */
export function mirroredSlices(endpoints: Endpoints): Mirror {
  const slices = new Map<string, EndpointSlice & { endpoints: Endpoint[] }>();
  let invalidCount = 0;
  let skippedCount = 0;
  for (const subset of endpoints.subsets ?? []) {
    const ports = (subset.ports ?? []).map(({ name = "", port, protocol = "TCP", appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol !== undefined && { appProtocol }),
    }));
    const all = [
      ...(subset.addresses ?? []).map((address) => ({ address, ready: true })),
      ...(subset.notReadyAddresses ?? []).map((address) => ({ address, ready: false })),
    ];
    let added = 0;
    for (const { address, ready } of all) {
      if (added >= subsetLimit) break;
      if (isIP(address.ip) === 0) {
        invalidCount++;
        continue;
      }
      added++;
      addEndpoint(slices, endpoints, { ports, endpoint: endpointOf(address, ready) });
    }
    skippedCount += all.length - added;
  }
  return { slices, invalidCount, skippedCount };
}

function addEndpoint(
  slices: Map<string, EndpointSlice & { endpoints: Endpoint[] }>,
  owner: Endpoints,
  { ports, endpoint }: { readonly ports: readonly EndpointPort[]; readonly endpoint: Endpoint },
): void {
  const addressType = isIPv6(endpoint.addresses?.[0] ?? "") ? "IPv6" : "IPv4";
  const key = sliceKey(addressType, ports);
  let slice = slices.get(key);
  if (slice === undefined) slices.set(key, (slice = { ...emptySlice(owner, addressType), ports: [...ports], endpoints: [] }));
  const isKnown = slice.endpoints.some(({ addresses }) => addresses?.[0] === endpoint.addresses?.[0]);
  if (!isKnown && slice.endpoints.length < subsetLimit) slice.endpoints.push(endpoint);
}

/** By what mirrored slices are told from one another. */
export function sliceKey(addressType: string, ports: readonly EndpointPort[]): string {
  return `${addressType}\n${portsKey(ports)}`;
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(targetRef !== undefined && { targetRef }),
    ...(nodeName !== undefined && { nodeName }),
    ...(hostname !== undefined && hostname !== "" && { hostname }),
  };
}

function emptySlice(owner: Endpoints, addressType: AddressType): EndpointSlice {
  const { name = "", namespace = "", labels, annotations = {} } = owner.metadata;
  const kept = Object.entries(annotations).filter(([key]) => !leftOutAnnotations.has(key));
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirroringValue },
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
      ownerReferences: [controllerReference({ ...owner, apiVersion: "v1", kind: "Endpoints" })],
    },
    addressType,
  };
}
