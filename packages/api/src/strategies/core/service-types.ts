import { semanticEqual } from "@coracle/apimachinery";
import type { Service, ServiceSpec } from "../../generated/types.ts";

/** What each type of Service has, and what goes when the type changes. */

const noSpec: ServiceSpec = {};

export function isHeadless(spec: Readonly<ServiceSpec>): boolean {
  return spec.clusterIP === "None" || (spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === "None");
}

/** Whether traffic comes from outside of the cluster. */
export function isExternal({ type, externalIPs = [] }: Readonly<ServiceSpec>): boolean {
  return type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && externalIPs.length > 0);
}

export function needsHealthCheck({ type, externalTrafficPolicy }: Readonly<ServiceSpec>): boolean {
  return type === "LoadBalancer" && externalTrafficPolicy === "Local";
}

function needsNodePorts({ type, allocateLoadBalancerNodePorts }: Readonly<ServiceSpec>): boolean {
  return type === "NodePort" || (type === "LoadBalancer" && allocateLoadBalancerNodePorts !== false);
}

/** A client that changes nothing but the type need not know what else belongs to it. */
export function dropTypeDependent(service: Service, old: Readonly<Service>): void {
  const { spec = noSpec } = service;
  const { spec: before = noSpec } = old;
  const drop = (name: keyof ServiceSpec): void => {
    if (semanticEqual(spec[name], before[name])) delete spec[name];
  };
  if (before.type !== "ExternalName" && spec.type === "ExternalName") {
    if (semanticEqual(spec.clusterIP, before.clusterIP) && semanticEqual(spec.clusterIPs, before.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    drop("ipFamilies");
    drop("ipFamilyPolicy");
  }
  if (needsNodePorts(before) && !needsNodePorts(spec) && hasSameNodePorts(spec, before))
    for (const port of spec.ports ?? []) delete port.nodePort;
  if (needsHealthCheck(before) && !needsHealthCheck(spec)) drop("healthCheckNodePort");
  if (before.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    drop("allocateLoadBalancerNodePorts");
    drop("loadBalancerClass");
  }
  if (isExternal(before) && !isExternal(spec)) drop("externalTrafficPolicy");
  if (spec.type !== "LoadBalancer" && service.status !== undefined) service.status = { ...service.status, loadBalancer: {} };
}

function hasSameNodePorts({ ports = [] }: Readonly<ServiceSpec>, { ports: before = [] }: Readonly<ServiceSpec>): boolean {
  const known = new Set(before.map(({ nodePort }) => nodePort).filter(Boolean));
  return ports.every(({ nodePort }) => !nodePort || known.has(nodePort));
}
