import {
  cidrWarnings,
  dnsLabelErrors,
  dnsSubdomainErrors,
  ipWarnings,
  nameRule,
  parseIp,
  supportedValues,
  type Findings,
} from "@coracle/apimachinery";
import type { Service, ServicePort, ServiceSpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { enumOf } from "../shared/enums.ts";
import { validateEndpointIp, validateLegacyCidr, validateLegacyIp } from "../shared/endpoint-ip.ts";
import { validateAddresses, validateAddressUpdate, validateFamilyUpdate } from "./service-addresses.ts";
import { dropTypeDependent, isExternal, isHeadless, needsHealthCheck } from "./service-types.ts";

const types = enumOf("core/v1.ServiceType");
const affinities = enumOf("core/v1.ServiceAffinity");
const protocols = enumOf("core/v1.Protocol");
const trafficPolicies = supportedValues("Cluster", "Local");
// In upstream's order, which is not that of the alphabet.
const distributions = supportedValues("PreferClose", "PreferSameZone", "PreferSameNode");
const ipModes = supportedValues("Proxy", "VIP");
const day = 86_400;
const hints = "service.kubernetes.io/topology-aware-hints";
const mode = "service.kubernetes.io/topology-mode";
const ranges = "service.beta.kubernetes.io/load-balancer-source-ranges";
const noSpec: ServiceSpec = {};

export const services = strategyOf<Service>({
  hasGeneration: false,
  defaults({ spec: given, status }) {
    if (given === undefined) return;
    applyDefaults(given);
    for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
  },
  prepareCreate: (service) => void (service.status = { loadBalancer: {} }),
  prepareUpdate(service, old, { subresource }) {
    if (subresource === "") dropTypeDependent(service, old);
  },
  validate: validateService,
  validateUpdate(service, old, out) {
    const { spec = noSpec } = service;
    const { spec: before = noSpec } = old;
    validateAddressUpdate(spec, before, out);
    validateFamilyUpdate(spec, before, out);
    const isBalanced = spec.type === "LoadBalancer" && before.type === "LoadBalancer";
    if (isBalanced && spec.loadBalancerClass !== before.loadBalancerClass)
      out.invalid("spec.loadBalancerClass", spec.loadBalancerClass ?? null, "may not change once set");
    if (needsHealthCheck(spec) && needsHealthCheck(before) && spec.healthCheckNodePort !== before.healthCheckNodePort)
      out.forbidden("spec.healthCheckNodePort", "field is immutable");
  },
  subresources: { status: validateStatus },
  warnings: serviceWarnings,
  more: { validateName: nameRule(dnsLabelErrors), allowCreateOnUpdate: true },
});

function applyDefaults(spec: ServiceSpec): void {
  spec.type ||= "ClusterIP";
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP") {
    const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800;
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds } };
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    if (port.targetPort === undefined || port.targetPort === "" || port.targetPort === 0) port.targetPort = port.port;
  }
  if (isExternal(spec)) spec.externalTrafficPolicy ||= "Cluster";
  if (["NodePort", "LoadBalancer", "ClusterIP"].includes(spec.type)) spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
}

function validateService({ metadata, spec = noSpec }: Readonly<Service>, out: Findings, old?: Readonly<Service>): void {
  const { annotations = {} } = metadata;
  if (annotations[mode] !== undefined && annotations[hints] !== undefined && annotations[mode] !== annotations[hints])
    out.invalid(`metadata.annotations[${mode}]`, annotations[mode], `must match annotations[${hints}] when both are specified`);
  const { ports = [], type = "" } = spec;
  if (ports.length === 0 && !isHeadless(spec) && type !== "ExternalName") out.required("spec.ports");
  if (isHeadless(spec) && (type === "LoadBalancer" || type === "NodePort"))
    out.invalid("spec.clusterIPs[0]", spec.clusterIPs?.[0] ?? "None", `may not be set to 'None' for ${type} services`);
  if (type === "ExternalName") validateExternalName(spec, out);
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) validatePort(port, ports.length > 1, names, { at: `spec.ports[${index}]`, out });
  out.labels(spec.selector, "spec.selector");
  validateAffinity(spec, out);
  validateAddresses(spec, old?.spec, out);
  for (const [index, ip] of (spec.externalIPs ?? []).entries())
    if (validateLegacyIp(ip, `spec.externalIPs[${index}]`, out, old?.spec?.externalIPs))
      validateEndpointIp(ip, `spec.externalIPs[${index}]`, out);
  out.requiredOneOf(type, types, "spec.type");
  validatePortNumbers(spec, out);
  validateSourceRanges(spec, annotations, old, out);
  validateBalancer(spec, out);
  validateTraffic(spec, out);
}

function validateExternalName(spec: Readonly<ServiceSpec>, out: Findings): void {
  const text = "may not be set for ExternalName services";
  if ((spec.clusterIPs ?? []).length > 0) out.forbidden("spec.clusterIPs", text);
  if ((spec.ipFamilies ?? []).length > 0) out.forbidden("spec.ipFamilies", text);
  if (spec.ipFamilyPolicy !== undefined) out.forbidden("spec.ipFamilyPolicy", text);
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (out.present(name, "spec.externalName")) out.subdomain(name, "spec.externalName");
}

function validatePort(
  port: Readonly<ServicePort>,
  needsName: boolean,
  names: Set<string>,
  { at, out }: { readonly at: string; readonly out: Findings },
): void {
  const { name = "" } = port;
  if (needsName && name === "") out.required(`${at}.name`);
  else if (name !== "") {
    out.label(name, `${at}.name`);
    if (names.has(name)) out.duplicate(`${at}.name`, name);
    names.add(name);
  }
  out.portNumber(port.port ?? 0, `${at}.port`);
  out.requiredOneOf(port.protocol, protocols, `${at}.protocol`);
  out.portNumberOrName(port.targetPort, `${at}.targetPort`);
  if (port.appProtocol !== undefined) out.qualifiedName(port.appProtocol, `${at}.appProtocol`);
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: Readonly<ServiceSpec>, out: Findings): void {
  const at = "spec.sessionAffinityConfig";
  out.requiredOneOf(sessionAffinity, affinities, "spec.sessionAffinity");
  if (sessionAffinity === "None" && sessionAffinityConfig !== undefined) out.forbidden(at, "must not be set when session affinity is None");
  if (sessionAffinity !== "ClientIP") return;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds === undefined) out.required(at, "when session affinity type is ClientIP");
  else if (seconds <= 0 || seconds > day)
    out.invalid(`${at}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${day}`);
}

/** Each number once for each protocol. */
function validatePortNumbers({ type, ports = [] }: Readonly<ServiceSpec>, out: Findings): void {
  const nodePorts = new Set<string>();
  const numbers = new Set<string>();
  for (const [index, { nodePort }] of ports.entries())
    if (type === "ClusterIP" && nodePort) out.forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'");
  for (const [index, { nodePort, protocol }] of ports.entries()) {
    if (!nodePort) continue;
    if (nodePorts.has(`${protocol}/${nodePort}`)) out.duplicate(`spec.ports[${index}].nodePort`, nodePort);
    nodePorts.add(`${protocol}/${nodePort}`);
  }
  for (const [index, { port, protocol }] of ports.entries()) {
    const shown = { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    if (numbers.has(`${protocol}/${port}`)) out.duplicate(`spec.ports[${index}]`, shown);
    numbers.add(`${protocol}/${port}`);
  }
}

function validateSourceRanges(
  spec: Readonly<ServiceSpec>,
  annotations: Readonly<Record<string, string>>,
  old: Readonly<Service> | undefined,
  out: Findings,
): void {
  const text = "may only be used when `type` is 'LoadBalancer'";
  const { loadBalancerSourceRanges: blocks = [], type } = spec;
  if (blocks.length > 0) {
    if (type !== "LoadBalancer") out.forbidden("spec.LoadBalancerSourceRanges", text);
    const kept = (old?.spec?.loadBalancerSourceRanges ?? []).map((block) => block.trim());
    for (const [index, block] of blocks.entries()) validateLegacyCidr(block.trim(), `spec.LoadBalancerSourceRanges[${index}]`, out, kept);
    return;
  }
  const value = annotations[ranges];
  if (value === undefined) return;
  const at = `metadata.annotations[${ranges}]`;
  if (type !== "LoadBalancer") out.forbidden(at, text);
  if (old?.metadata.annotations?.[ranges] === value || value.trim() === "") return;
  for (const block of value.trim().split(",")) validateLegacyCidr(block.trim(), at, out);
}

function validateBalancer(spec: Readonly<ServiceSpec>, out: Findings): void {
  const isBalancer = spec.type === "LoadBalancer";
  const text = "may only be used when `type` is 'LoadBalancer'";
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer) out.forbidden("spec.allocateLoadBalancerNodePorts", text);
  if (spec.allocateLoadBalancerNodePorts === undefined && isBalancer) out.required("allocateLoadBalancerNodePorts");
  if (spec.loadBalancerClass === undefined) return;
  if (isBalancer) out.qualifiedName(spec.loadBalancerClass, "spec.loadBalancerClass");
  else out.forbidden("spec.loadBalancerClass", text);
}

function validateTraffic(spec: Readonly<ServiceSpec>, out: Findings): void {
  const { externalTrafficPolicy: external = "", healthCheckNodePort: port = 0, internalTrafficPolicy: internal } = spec;
  if (isExternal(spec)) out.requiredOneOf(external, trafficPolicies, "spec.externalTrafficPolicy");
  else if (external !== "") out.invalid("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services");
  const at = "spec.healthCheckNodePort";
  if (!needsHealthCheck(spec)) {
    if (port !== 0) out.invalid(at, port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
  } else if (port === 0) out.required(at);
  else out.portNumber(port, at);
  if (internal === undefined && ["NodePort", "LoadBalancer", "ClusterIP"].includes(spec.type ?? ""))
    out.required("spec.internalTrafficPolicy");
  out.optionalOneOf(internal, trafficPolicies, "spec.internalTrafficPolicy");
  out.optionalOneOf(spec.trafficDistribution, distributions, "spec.trafficDistribution");
}

function validateStatus({ spec = noSpec, status = {} }: Readonly<Service>, old: Readonly<Service>, out: Findings): void {
  const { ingress: all = [] } = status.loadBalancer ?? {};
  const at = "status.loadBalancer.ingress";
  if (spec.type !== "LoadBalancer" && all.length > 0) return out.forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'");
  const kept = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  for (const [index, { ip = "", ipMode, hostname = "" }] of all.entries()) {
    const here = `${at}[${index}]`;
    if (ip !== "") validateLegacyIp(ip, `${here}.ip`, out, kept);
    if (ipMode === undefined) {
      if (ip !== "") out.required(`${here}.ipMode`, "must be specified when `ip` is set");
    } else if (ip === "") out.forbidden(`${here}.ipMode`, "may not be specified when `ip` is not set");
    else out.oneOf(ipMode, ipModes, `${here}.ipMode`);
    if (hostname === "") continue;
    out.messages(`${here}.hostname`, hostname, dnsSubdomainErrors(hostname));
    if (parseIp(hostname) !== undefined) out.invalid(`${here}.hostname`, hostname, "must be a DNS name, not an IP address");
  }
}

function serviceWarnings({ metadata, spec = noSpec }: Readonly<Service>): string[] {
  const warnings: string[] = [];
  if (metadata.annotations?.[hints] !== undefined) warnings.push(`annotation ${hints} is deprecated, please use ${mode} instead`);
  const { externalIPs = [], loadBalancerIP = "", type } = spec;
  if (!isHeadless(spec) && spec.clusterIP)
    for (const [index, ip] of (spec.clusterIPs ?? []).entries()) warnings.push(...ipWarnings(`spec.clusterIPs[${index}]`, ip));
  if (isHeadless(spec)) {
    if (loadBalancerIP !== "") warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (externalIPs.length > 0) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  for (const [index, ip] of externalIPs.entries()) warnings.push(...ipWarnings(`spec.externalIPs[${index}]`, ip));
  if (externalIPs.length > 0 && !isHeadless(spec) && type !== "ExternalName")
    warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  if (loadBalancerIP !== "") warnings.push(...ipWarnings("spec.loadBalancerIP", loadBalancerIP));
  for (const [index, block] of (spec.loadBalancerSourceRanges ?? []).entries())
    warnings.push(...cidrWarnings(`spec.loadBalancerSourceRanges[${index}]`, block));
  if (type === "ExternalName" && externalIPs.length > 0) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== "ExternalName" && spec.externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === "PreferClose")
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}
