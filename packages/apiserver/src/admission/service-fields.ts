import type { UnstructuredObject } from "@coracle/apimachinery";

/** The parts of a Service that allocation looks at. */
export interface ServiceSpec {
  type?: string;
  clusterIP?: string;
  clusterIPs?: string[];
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  selector?: Record<string, string>;
  ports?: ServicePort[];
  externalTrafficPolicy?: string;
  healthCheckNodePort?: number;
  allocateLoadBalancerNodePorts?: boolean;
}

export interface ServicePort {
  name?: string;
  protocol?: string;
  port: number;
  nodePort?: number;
}

export function serviceSpecOf(object: Readonly<UnstructuredObject>): ServiceSpec {
  return (object["spec"] ?? {}) as ServiceSpec;
}

/** Whether the service has an address of its own, or asks for one. */
export function needsClusterIp(spec: ServiceSpec): boolean {
  return (spec.type ?? "ClusterIP") !== "ExternalName" && spec.clusterIP !== "None";
}

export function needsNodePorts(spec: ServiceSpec): boolean {
  return spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
}

/** Load balancers ask this port whether a node has endpoints. */
export function needsHealthPort(spec: ServiceSpec): boolean {
  return spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

/** Addresses that a service holds. */
export function addressesOf(object: Readonly<UnstructuredObject>): string[] {
  const { clusterIP, clusterIPs } = serviceSpecOf(object);
  const all = clusterIPs !== undefined && clusterIPs.length > 0 ? clusterIPs : clusterIP === undefined ? [] : [clusterIP];
  return all.filter((address) => address !== "" && address !== "None");
}

/** Node ports that a service holds. One number may serve several protocols of one service. */
export function nodePortsOf(object: Readonly<UnstructuredObject>): string[] {
  const spec = serviceSpecOf(object);
  const ports = new Set(spec.ports?.map(({ nodePort }) => nodePort));
  ports.add(spec.healthCheckNodePort);
  return [...ports].filter((port) => port).map(String);
}
