import type { EndpointAddress, EndpointSubset, Pod, Service } from "@coracle/api";
import { backendHostname, findTargetPort, isBackend, isPodReady, podAddresses } from "../service-backends/backends.ts";

// Not discovery.k8s.io's type of the same name.
type CoreEndpointPort = NonNullable<EndpointSubset["ports"]>[number];

/** Addresses that one Endpoints object holds at most. */
export const maxAddresses = 1000;

interface Backend {
  readonly address: EndpointAddress;
  readonly isReady: boolean;
}

/**
 * The subsets of a Service's Endpoints: addresses that offer the same ports together, everything in a fixed order. Packing is upstream's
 * but for the order of subsets, which is by hash there and by port here.
 */
export function subsetsOfService(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  const servicePorts = service.spec?.ports ?? [];
  const isPortless = servicePorts.length === 0 && service.spec?.clusterIP === "None";
  const backendsByPort = new Map<string, { port: CoreEndpointPort | undefined; backends: Map<string, Backend> }>();
  const offer = (port: CoreEndpointPort | undefined, backend: Backend): void => {
    const key = JSON.stringify(port ?? null);
    const entry = backendsByPort.get(key) ?? { port, backends: new Map<string, Backend>() };
    backendsByPort.set(key, entry);
    const addressKey = `${backend.address.ip} ${backend.address.targetRef?.uid ?? ""}`;
    // Of the same address offered twice the one that is not ready counts.
    if (entry.backends.get(addressKey)?.isReady !== false) entry.backends.set(addressKey, backend);
  };
  for (const pod of pods) {
    const address = isBackend(pod, publishAll) ? addressOf(service, pod) : undefined;
    if (address === undefined) continue;
    const backend = { address, isReady: publishAll || isPodReady(pod) };
    if (isPortless) offer(undefined, backend);
    for (const servicePort of servicePorts) {
      const number = findTargetPort(pod, servicePort);
      if (number === undefined) continue;
      const { name, protocol = "TCP", appProtocol } = servicePort;
      const named = name === undefined || name === "" ? {} : { name };
      offer({ ...named, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }, backend);
    }
  }
  return pack([...backendsByPort.values()]);
}

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const family = service.spec?.ipFamilies?.[0] ?? ((service.spec?.clusterIP ?? "").includes(":") ? "IPv6" : "IPv4");
  const ip = podAddresses(pod, family === "IPv6" ? "IPv6" : "IPv4")[0];
  if (ip === undefined) return undefined;
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  const address: EndpointAddress = { ip, targetRef: { kind: "Pod", namespace, name, uid } };
  if (pod.spec?.nodeName !== undefined) address.nodeName = pod.spec.nodeName;
  const hostname = backendHostname(pod, service);
  if (hostname !== undefined) address.hostname = hostname;
  return address;
}

/** Joins the ports that the same addresses offer. */
function pack(offers: readonly { port: CoreEndpointPort | undefined; backends: ReadonlyMap<string, Backend> }[]): EndpointSubset[] {
  const packed = new Map<string, { ports: CoreEndpointPort[]; backends: readonly Backend[] }>();
  for (const { port, backends } of offers) {
    const keys = [...backends.keys()].sort();
    const groupKey = keys.join("\n");
    const group = packed.get(groupKey) ?? { ports: [], backends: keys.map((key) => backends.get(key) as Backend) };
    packed.set(groupKey, group);
    if (port !== undefined) group.ports.push(port);
  }
  const subsets = [...packed.values()].map(({ ports, backends }) => {
    const addresses = backends.filter(({ isReady }) => isReady).map(({ address }) => address);
    const notReadyAddresses = backends.filter(({ isReady }) => !isReady).map(({ address }) => address);
    ports.sort((a, b) => compare(a.name ?? "", b.name ?? "") || a.port - b.port || compare(a.protocol ?? "", b.protocol ?? ""));
    return {
      ...(addresses.length > 0 ? { addresses } : {}),
      ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    };
  });
  return subsets.sort((a, b) => compare(JSON.stringify(a.ports ?? []), JSON.stringify(b.ports ?? [])));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** At most {@link maxAddresses} addresses, ready ones first, each subset in proportion; undefined when all fit. */
export function truncateSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] | undefined {
  const ready = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
  const notReady = subsets.reduce((sum, { notReadyAddresses = [] }) => sum + notReadyAddresses.length, 0);
  if (ready + notReady <= maxAddresses) return undefined;
  const cutsReady = ready > maxAddresses;
  const capacity = cutsReady ? maxAddresses : maxAddresses - ready;
  const total = cutsReady ? ready : notReady;
  let left = capacity;
  return subsets.map(({ addresses = [], notReadyAddresses = [], ports }) => {
    const cut = cutsReady ? addresses : notReadyAddresses;
    const kept = cut.slice(0, Math.min(left, Math.ceil((cut.length / total) * capacity)));
    left -= kept.length;
    const withPorts = ports === undefined ? {} : { ports };
    return cutsReady ? { addresses: kept, ...withPorts } : { addresses, notReadyAddresses: kept, ...withPorts };
  });
}
