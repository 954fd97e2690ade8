import { cidrContains, cidrWarnings, Findings, parseCidr, portNameErrors, supportedValues } from "@coracle/apimachinery";
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { validateLegacyCidr } from "../shared/endpoint-ip.ts";

// In upstream's order, which is not that of the alphabet.
const protocols = supportedValues("TCP", "UDP", "SCTP");
const policyTypes = supportedValues("Ingress", "Egress");

export const networkPolicies = strategyOf<NetworkPolicy>({
  hasStatus: false,
  hasGeneration: true,
  defaults({ spec }) {
    if (spec === undefined) return;
    if ((spec.policyTypes ?? []).length === 0) spec.policyTypes = (spec.egress ?? []).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of rule.ports ?? []) port.protocol ??= "TCP";
  },
  validate({ spec = {} as NetworkPolicySpec }, out, old) {
    const kept = old?.spec === undefined ? [] : blocksOf(old.spec).flatMap(({ cidr, except = [] }) => [cidr, ...except]);
    if (!hasBadSelector(old?.spec)) out.labelSelector(spec.podSelector, "spec.podSelector");
    for (const [index, { ports = [], from = [] }] of (spec.ingress ?? []).entries())
      validateRule({ ports, peers: from, list: "from", kept }, `spec.ingress[${index}]`, out);
    for (const [index, { ports = [], to = [] }] of (spec.egress ?? []).entries())
      validateRule({ ports, peers: to, list: "to", kept }, `spec.egress[${index}]`, out);
    const types = spec.policyTypes ?? [];
    if (types.length > 2) out.invalid("spec.policyTypes", types, "may not specify more than two policyTypes");
    else for (const [index, type] of types.entries()) out.oneOf(type, policyTypes, `spec.policyTypes[${index}]`);
  },
  warnings({ spec }) {
    const warn = (peers: readonly NetworkPolicyPeer[], at: string): string[] =>
      peers.flatMap(({ ipBlock }, index) =>
        ipBlock === undefined
          ? []
          : [
              ...cidrWarnings(`${at}[${index}].ipBlock.cidr`, ipBlock.cidr),
              ...(ipBlock.except ?? []).flatMap((cidr, position) => cidrWarnings(`${at}[${index}].ipBlock.except[${position}]`, cidr)),
            ],
      );
    return [
      ...(spec?.ingress ?? []).flatMap(({ from = [] }, index) => warn(from, `spec.ingress[${index}].from`)),
      ...(spec?.egress ?? []).flatMap(({ to = [] }, index) => warn(to, `spec.egress[${index}].to`)),
    ];
  },
});

function blocksOf(spec: Readonly<NetworkPolicySpec>): IPBlock[] {
  const peers = [...(spec.ingress ?? []).flatMap(({ from = [] }) => from), ...(spec.egress ?? []).flatMap(({ to = [] }) => to)];
  return peers.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock]));
}

function hasBadSelector(spec: Readonly<NetworkPolicySpec> | undefined): boolean {
  const found = new Findings();
  found.labelSelector(spec?.podSelector, "");
  return found.errors.length > 0;
}

interface Rule {
  readonly ports: readonly NetworkPolicyPort[];
  readonly peers: readonly NetworkPolicyPeer[];
  readonly list: "from" | "to";
  /** Blocks that may break today's rules. */
  readonly kept: readonly string[];
}

function validateRule({ ports, peers, list, kept }: Rule, at: string, out: Findings): void {
  for (const [index, port] of ports.entries()) validatePort(port, `${at}.ports[${index}]`, out);
  for (const [index, peer] of peers.entries()) validatePeer(peer, `${at}.${list}[${index}]`, kept, out);
}

function validatePort({ protocol, port, endPort }: Readonly<NetworkPolicyPort>, at: string, out: Findings): void {
  out.optionalOneOf(protocol, protocols, `${at}.protocol`);
  if (typeof port === "number") {
    out.portNumber(port, `${at}.port`);
    if (endPort === undefined) return;
    // Upstream shows the first port.
    if (endPort < port) out.invalid(`${at}.endPort`, port, "must be greater than or equal to `port`");
    out.portNumber(endPort, `${at}.endPort`);
  } else if (port !== undefined) {
    if (endPort !== undefined) out.invalid(`${at}.endPort`, endPort, "may not be specified when `port` is non-numeric");
    out.messages(`${at}.port`, port, portNameErrors(port));
  } else if (endPort !== undefined) out.invalid(`${at}.endPort`, endPort, "may not be specified when `port` is not specified");
}

function validatePeer(peer: Readonly<NetworkPolicyPeer>, at: string, kept: readonly string[], out: Findings): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  out.labelSelector(podSelector, `${at}.podSelector`);
  out.labelSelector(namespaceSelector, `${at}.namespaceSelector`);
  if (ipBlock !== undefined) validateBlock(ipBlock, `${at}.ipBlock`, kept, out);
  if (podSelector === undefined && namespaceSelector === undefined && ipBlock === undefined) out.required(at, "must specify a peer");
  else if (ipBlock !== undefined && (podSelector !== undefined || namespaceSelector !== undefined))
    out.forbidden(at, "may not specify both ipBlock and another peer");
}

function validateBlock({ cidr = "", except = [] }: Readonly<IPBlock>, at: string, kept: readonly string[], out: Findings): void {
  if (cidr === "") return out.required(`${at}.cidr`);
  validateLegacyCidr(cidr, `${at}.cidr`, out, kept);
  const block = parseCidr(cidr);
  if (block === undefined) return;
  for (const [index, text] of except.entries()) {
    validateLegacyCidr(text, `${at}.except[${index}]`, out, kept);
    const part = parseCidr(text);
    if (part !== undefined && (!cidrContains(block, part.bytes) || block.prefixLength >= part.prefixLength))
      out.invalid(`${at}.except[${index}]`, text, "must be a strict subset of `cidr`");
  }
}
