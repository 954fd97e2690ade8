import type { Endpoints, EndpointPort, LoadBalancerIngress, Service } from "../generated/core-v1.ts";
import type { EndpointSlice } from "../generated/discovery-v1.ts";
import type { Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR } from "../generated/networking-v1.ts";
import { firstFew, labelsText, none, orNone, selectorText, unknown, unset, type Cells } from "./cells.ts";

export const serviceCells: Cells<Service> = {
  Type: ({ spec }) => spec?.type ?? "",
  "Cluster-IP": ({ spec }) => orNone(spec?.clusterIPs?.[0] ?? spec?.clusterIP),
  "External-IP": externalAddress,
  "Port(s)": ({ spec }) => {
    const ports = (spec?.ports ?? []).map(({ port, nodePort = 0, protocol = "TCP" }) =>
      nodePort === 0 ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`,
    );
    return orNone(ports.join(","));
  },
  Selector: ({ spec }) => labelsText(spec?.selector),
};

function externalAddress({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "ClusterIP":
    case "NodePort":
      return orNone(external.join(","));
    case "LoadBalancer": {
      const addresses = [...ingressAddresses(status?.loadBalancer?.ingress), ...external];
      return addresses.length === 0 ? "<pending>" : addresses.join(",");
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return unknown;
  }
}

/** Addresses or names, each once, in order. */
function ingressAddresses(points: readonly Pick<LoadBalancerIngress, "ip" | "hostname">[] | undefined): string[] {
  const addresses = (points ?? []).map(({ ip, hostname }) => ip || hostname || "").filter((address) => address !== "");
  return [...new Set(addresses)].sort();
}

export const endpointsCells: Cells<Endpoints> = {
  Endpoints: ({ subsets = [] }) => {
    if (subsets.length === 0) return none;
    const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
      ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap((port) => addresses.map(({ ip }) => withPort(ip, port))),
    );
    return orNone(firstFew(all, 3));
  },
};

function withPort(ip: string, { port }: EndpointPort): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export const endpointSliceCells: Cells<EndpointSlice> = {
  AddressType: ({ addressType }) => addressType,
  Ports: ({ ports }) => {
    const texts = (ports ?? []).map(({ name, port }) => (port === undefined ? (name ?? "*") : String(port)));
    return texts.length === 0 ? unset : firstFew(texts, 3);
  },
  Endpoints: ({ endpoints }) => {
    const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
    return addresses.length === 0 ? unset : firstFew(addresses, 3);
  },
};

export const ingressCells: Cells<Ingress> = {
  Class: ({ spec }) => orNone(spec?.ingressClassName),
  Hosts: ({ spec }) => {
    const hosts = (spec?.rules ?? []).map(({ host }) => host ?? "").filter((host) => host !== "");
    return hosts.length === 0 ? "*" : firstFew(hosts, 3);
  },
  Address: ({ status }) => ingressAddresses(status?.loadBalancer?.ingress).join(","),
  Ports: ({ spec }) => ((spec?.tls?.length ?? 0) > 0 ? "80, 443" : "80"),
};

const isDefaultClass = "ingressclass.kubernetes.io/is-default-class";

export const ingressClassCells: Cells<IngressClass> = {
  Name: ({ metadata: { name = "", annotations } }) => (annotations?.[isDefaultClass] === "true" ? `${name} (default)` : name),
  Controller: ({ spec }) => spec?.controller ?? "",
  Parameters: ({ spec }) => {
    const parameters = spec?.parameters;
    if (parameters === undefined) return none;
    const { apiGroup = "", kind, name } = parameters;
    return `${kind}${apiGroup === "" ? "" : `.${apiGroup}`}/${name}`;
  },
};

export const networkPolicyCells: Cells<NetworkPolicy> = { "Pod-Selector": ({ spec }) => selectorText(spec?.podSelector) };

export const ipAddressCells: Cells<IPAddress> = {
  ParentRef: ({ spec }) => {
    const { group = "", resource = "", namespace = "", name = "" } = spec?.parentRef ?? {};
    if (resource === "" && name === "") return none;
    const type = `${resource.toLowerCase()}${group === "" ? "" : `.${group}`}`;
    return [type, namespace, name].filter((part) => part !== "").join("/");
  },
};

export const serviceCidrCells: Cells<ServiceCIDR> = { CIDRs: ({ spec }) => (spec?.cidrs ?? []).join(",") };
