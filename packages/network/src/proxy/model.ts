import type { EndpointSlice, Service, ServicePort } from "@coracle/api";

/** One port of one Service, with the endpoints that traffic for it may go to. What the rules are made of. */
export interface ServiceRoute {
  /** `namespace/name:port`, for comments and chain names. */
  readonly id: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** Addresses on which the service answers on `port`: cluster IPs, external IPs, load balancer IPs. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly nodePort?: number;
  readonly endpoints: readonly Endpoint[];
  /** Seconds that a client sticks to its endpoint; absent without session affinity. */
  readonly affinitySeconds?: number;
  /** `externalTrafficPolicy: Local`: outside traffic keeps its source address. */
  readonly keepsSource: boolean;
}

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

export interface RouteOptions {
  readonly nodeName: string;
}

/** Routes of all Services that have an IPv4 cluster IP. Pure; in order of service key and port. */
export function computeRoutes(
  services: readonly Service[],
  slicesOf: (serviceKey: string) => readonly EndpointSlice[],
  options: RouteOptions,
): ServiceRoute[] {
  const routes: ServiceRoute[] = [];
  for (const service of services) {
    const clusterIPs = (service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? ""]).filter(isIPv4);
    if (clusterIPs.length === 0 || service.spec?.type === "ExternalName") continue;
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    const slices = slicesOf(key).filter((slice) => slice.addressType === "IPv4");
    const ingress = (service.status?.loadBalancer?.ingress ?? []).map((entry) => entry.ip ?? "");
    const addresses = [...clusterIPs, ...(service.spec?.externalIPs ?? []), ...ingress].filter(isIPv4);
    for (const port of service.spec?.ports ?? []) routes.push(routeOf({ service, key, port, addresses, slices, options }));
  }
  return routes;
}

interface RouteInput {
  readonly service: Service;
  readonly key: string;
  readonly port: ServicePort;
  readonly addresses: readonly string[];
  readonly slices: readonly EndpointSlice[];
  readonly options: RouteOptions;
}

function routeOf({ service, key, port, addresses, slices, options }: RouteInput): ServiceRoute {
  const isLocalOnly = service.spec?.internalTrafficPolicy === "Local";
  const affinity =
    service.spec?.sessionAffinity === "ClientIP" ? (service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : undefined;
  const nodePort = port.nodePort ?? 0;
  return {
    id: `${key}:${port.name ?? port.port}`,
    protocol: (port.protocol ?? "TCP").toLowerCase() as ServiceRoute["protocol"],
    addresses,
    port: port.port,
    ...(nodePort === 0 ? {} : { nodePort }),
    endpoints: endpointsOf(slices, port, isLocalOnly ? options.nodeName : undefined),
    ...(affinity === undefined ? {} : { affinitySeconds: affinity }),
    keepsSource: service.spec?.externalTrafficPolicy === "Local",
  };
}

/** Ready endpoints; when there is none, those that terminate but still serve (KEP-1669). */
function endpointsOf(slices: readonly EndpointSlice[], port: ServicePort, nodeName: string | undefined): Endpoint[] {
  const ready = new Map<string, Endpoint>();
  const terminating = new Map<string, Endpoint>();
  for (const slice of slices) {
    const number = slice.ports?.find((entry) => (entry.name ?? "") === (port.name ?? ""))?.port;
    if (number === undefined) continue;
    for (const endpoint of slice.endpoints ?? []) {
      if (nodeName !== undefined && endpoint.nodeName !== nodeName) continue;
      const { ready: isReady = true, serving = isReady, terminating: isTerminating = false } = endpoint.conditions ?? {};
      for (const ip of endpoint.addresses) {
        const entry = { ip, port: number };
        if (isReady) ready.set(`${ip}:${number}`, entry);
        else if (serving && isTerminating) terminating.set(`${ip}:${number}`, entry);
      }
    }
  }
  const chosen = ready.size > 0 ? ready : terminating;
  return [...chosen.keys()].sort().map((name) => chosen.get(name) as Endpoint);
}

export function isIPv4(address: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(address);
}
