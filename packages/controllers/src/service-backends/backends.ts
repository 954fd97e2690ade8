import type { Pod, Service, ServicePort } from "@coracle/api";
import { isConditionTrue, selectorFromMap, type Selector } from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";

// Objects of a cache never change, so a Service keeps its selector.
const selectors = new WeakMap<Service, Selector>();

/** The selector of a Service that has one. */
function selectorOf(service: Service): Selector {
  let selector = selectors.get(service);
  if (selector === undefined) selectors.set(service, (selector = selectorFromMap(service.spec?.selector ?? {})));
  return selector;
}

/** Whether a Service selects a pod. One without a selector selects none. */
export function selectsPod(service: Service, pod: Pod): boolean {
  return hasBackends(service) && selectorOf(service).matches(pod.metadata.labels);
}

/** The pods that a Service with a selector stands for, in key order. */
export function podsOfService(service: Service, pods: Informer<Pod>): Pod[] {
  const selector = selectorOf(service);
  return pods.list(service.metadata.namespace).filter((pod) => selector.matches(pod.metadata.labels));
}

/** Whether the endpoint controllers take care of a Service: it has a selector and is no mere name. */
export function hasBackends(service: Service): boolean {
  return service.spec?.type !== "ExternalName" && service.spec?.selector !== undefined && service.spec.selector !== null;
}

export function isHeadless(service: Service): boolean {
  const clusterIP = service.spec?.clusterIP ?? "";
  return clusterIP === "None" || clusterIP === "";
}

/** Whether a pod may be an endpoint at all: it has an address and is not finished. Terminating pods only where asked. */
export function isBackend(pod: Pod, includeTerminating: boolean): boolean {
  const { phase, podIP = "", podIPs = [] } = pod.status ?? {};
  if (phase === "Succeeded" || phase === "Failed") return false;
  if (podIP === "" && podIPs.length === 0) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

export function isPodReady(pod: Pod): boolean {
  return isConditionTrue(pod.status?.conditions, "Ready");
}

/** The addresses of one family, in the pod's order. */
export function podAddresses(pod: Pod, family: "IPv4" | "IPv6"): string[] {
  const { podIP, podIPs = [] } = pod.status ?? {};
  const all = podIPs.length > 0 ? podIPs.map(({ ip }) => ip) : [podIP];
  return all.filter((ip) => ip !== undefined && ip.includes(":") === (family === "IPv6")) as string[];
}

/** The name that cluster DNS gives the pod under the Service, if the pod asks for one there. */
export function backendHostname(pod: Pod, service: Service): string | undefined {
  const { hostname = "", subdomain } = pod.spec ?? {};
  return hostname !== "" && subdomain === service.metadata.name ? hostname : undefined;
}

/** The port of `pod` behind a Service port: a number, or the name of a port of a container or sidecar; undefined when there is none. */
export function findTargetPort(pod: Pod, { targetPort, port, protocol = "TCP" }: ServicePort): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === "") return port;
  if (typeof targetPort === "number") return targetPort;
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const named = container.ports?.find((candidate) => candidate.name === targetPort && (candidate.protocol ?? "TCP") === protocol);
    if (named !== undefined) return named.containerPort;
  }
  return undefined;
}
