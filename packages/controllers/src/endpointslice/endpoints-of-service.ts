import type { Endpoint, Node, Pod, Service } from "@coracle/api";
import { backendHostname, findTargetPort, isBackend, isPodReady, podAddresses } from "../service-backends/backends.ts";
import { portsKey, type AddressType, type EndpointGroup, type EndpointPort } from "./plan-slices.ts";

const zoneLabel = "topology.kubernetes.io/zone";

export interface ServiceEndpoints {
  readonly groups: readonly EndpointGroup[];
  /** Pods left out because their node is not known (yet). */
  readonly skippedPods: readonly string[];
}

/** The endpoints that `pods` give a Service in one address family, grouped by their ports. */
export function endpointsOfService(
  service: Service,
  pods: readonly Pod[],
  addressType: AddressType,
  nodeNamed: (name: string) => Node | undefined,
): ServiceEndpoints {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  const skippedPods: string[] = [];
  for (const pod of pods) {
    if (!isBackend(pod, true)) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    const node = nodeNamed(pod.spec?.nodeName ?? "");
    if (node === undefined && service.spec?.publishNotReadyAddresses !== true) {
      skippedPods.push(pod.metadata.name ?? "");
      continue;
    }
    const addresses = podAddresses(pod, addressType);
    if (addresses.length > 0) group.endpoints.push(endpointOf(service, pod, node, addresses));
  }
  return { groups: [...groups.values()], skippedPods };
}

function endpointOf(service: Service, pod: Pod, node: Node | undefined, addresses: string[]): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  // A pod that is going is never ready, for clients that know no other condition, unless the Service publishes all.
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  const endpoint: Endpoint = {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: { kind: "Pod", namespace, name, uid },
  };
  const nodeName = pod.spec?.nodeName ?? "";
  if (nodeName !== "") endpoint.nodeName = nodeName;
  const zone = node?.metadata.labels?.[zoneLabel] ?? "";
  if (zone !== "") endpoint.zone = zone;
  const hostname = backendHostname(pod, service);
  if (hostname !== undefined) endpoint.hostname = hostname;
  const hints = hintsFor(service, endpoint);
  if (hints !== undefined) endpoint.hints = hints;
  return endpoint;
}

/** Where the Service prefers traffic to stay: `PreferClose` and `PreferSameZone` in the zone, `PreferSameNode` on the node too. */
function hintsFor(service: Service, { zone, nodeName, conditions }: Endpoint): Endpoint["hints"] {
  const preference = service.spec?.trafficDistribution;
  if (preference === undefined || conditions?.ready !== true) return undefined;
  if (preference !== "PreferClose" && preference !== "PreferSameZone" && preference !== "PreferSameNode") return undefined;
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  const forNodes = preference !== "PreferSameNode" || nodeName === undefined ? {} : { forNodes: [{ name: nodeName }] };
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length > 0 ? hints : undefined;
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const servicePort of service.spec?.ports ?? []) {
    const port = findTargetPort(pod, servicePort);
    if (port === undefined) continue;
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    ports.push({ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) });
  }
  return ports;
}
