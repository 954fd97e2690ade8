import {
  canonicalIpErrors,
  dnsLabelErrors,
  dnsSubdomainErrors,
  Findings,
  labelValueErrors,
  semanticEqual,
  supportedValues,
} from "@coracle/apimachinery";
import type { EndpointHints, EndpointSlice } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { enumOf } from "../shared/enums.ts";
import { mayBeLoopback, validateEndpointIp, validateLegacyIp } from "../shared/endpoint-ip.ts";

type SliceEndpoint = NonNullable<EndpointSlice["endpoints"]>[number];

const addressTypes = supportedValues("FQDN", "IPv4", "IPv6");
const protocols = enumOf("core/v1.Protocol");
const endpointsLimit = 1000;
const addressesLimit = 100;
const portsLimit = 20_000;
const topologyLimit = 16;
const hintsLimit = 8;

export const endpointSlices = strategyOf<EndpointSlice>({
  hasStatus: false,
  hasGeneration: true,
  prepareUpdate({ metadata }, old) {
    // Labels say whose the slice is, so they count too.
    const { generation = 0 } = old.metadata;
    if (metadata.generation === generation && !semanticEqual(metadata.labels ?? {}, old.metadata.labels ?? {}))
      metadata.generation = generation + 1;
  },
  defaults(slice) {
    for (const port of slice.ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  validate(slice, out, old) {
    out.requiredOneOf(slice.addressType, addressTypes, "addressType");
    validatePorts(slice, out);
    const found = new Findings();
    validateEndpoints(slice, found);
    // Addresses are judged more strictly than once; what is stored may stay.
    if (found.errors.length > 0 && (old === undefined || !semanticEqual(old.endpoints, slice.endpoints))) out.addAll(found.errors);
    if (old !== undefined) out.immutable(slice.addressType, old.addressType, "addressType");
  },
});

function validatePorts({ ports }: Readonly<EndpointSlice>, out: Findings): void {
  const all = ports ?? [];
  if (all.length > portsLimit) return out.tooMany("ports", all.length, portsLimit);
  const names = new Set<string>();
  for (const [index, { name = "", protocol, appProtocol }] of all.entries()) {
    const at = `ports[${index}]`;
    if (name !== "") out.label(name, `${at}.name`);
    if (names.has(name)) out.duplicate(`${at}.name`, name);
    names.add(name);
    if (protocol === undefined) out.required(`${at}.protocol`);
    else out.oneOf(protocol, protocols, `${at}.protocol`);
    if (appProtocol !== undefined) out.qualifiedName(appProtocol, `${at}.appProtocol`);
  }
}

function validateEndpoints({ metadata, endpoints, addressType = "" }: Readonly<EndpointSlice>, out: Findings): void {
  const name = metadata.labels?.["kubernetes.io/service-name"];
  const all = endpoints ?? [];
  if (all.length > endpointsLimit) return out.tooMany("endpoints", all.length, endpointsLimit);
  for (const [index, endpoint] of all.entries()) {
    const at = `endpoints[${index}]`;
    validateAddresses(endpoint, addressType, {
      at: `${at}.addresses`,
      out,
      allowsLoopback: mayBeLoopback({ name, targetKind: endpoint.targetRef?.kind }),
    });
    if (endpoint.nodeName !== undefined) out.messages(`${at}.nodeName`, endpoint.nodeName, dnsSubdomainErrors(endpoint.nodeName));
    const { deprecatedTopology: topology = {} } = endpoint;
    const count = Object.keys(topology).length;
    if (count > topologyLimit) out.tooMany(`${at}.deprecatedTopology`, count, topologyLimit);
    out.labels(topology, `${at}.deprecatedTopology`);
    if (endpoint.hostname !== undefined) out.label(endpoint.hostname, `${at}.hostname`);
    if (endpoint.hints !== undefined) validateHints(endpoint.hints, `${at}.hints`, out);
  }
}

interface Place {
  readonly at: string;
  readonly out: Findings;
  readonly allowsLoopback: boolean;
}

function validateAddresses({ addresses = [] }: Readonly<SliceEndpoint>, type: string, { at, out, allowsLoopback }: Place): void {
  if (addresses.length === 0) out.required(at, "must contain at least 1 address");
  else if (addresses.length > addressesLimit) out.tooMany(at, addresses.length, addressesLimit);
  for (const [index, address] of addresses.entries()) {
    const here = `${at}[${index}]`;
    if (type === "FQDN") validateDomain(address, here, out);
    if (type === "IPv4" && validateLegacyIp(address, here, out)) {
      if (address.includes(":")) out.invalid(at, address, "must be an IPv4 address");
      validateEndpointIp(address, here, out, allowsLoopback);
    }
    if (type === "IPv6") {
      const errors = canonicalIpErrors(address);
      out.messages(here, address, errors);
      if (errors.length > 0) continue;
      if (!address.includes(":")) out.invalid(at, address, "must be an IPv6 address");
      validateEndpointIp(address, here, out, allowsLoopback);
    }
  }
}

function validateDomain(text: string, at: string, out: Findings): void {
  if (text === "") return out.required(at);
  const name = text.replace(/\.$/, "");
  const errors = dnsSubdomainErrors(name);
  if (errors.length > 0) return out.invalid(at, name, errors.join(","));
  const labels = name.split(".");
  if (labels.length < 2) return out.invalid(at, name, "should be a domain with at least two segments separated by dots");
  for (const label of labels) {
    const wrong = dnsLabelErrors(label);
    if (wrong.length > 0) return out.invalid(at, label, wrong.join(","));
  }
}

function validateHints({ forZones = [], forNodes = [] }: Readonly<EndpointHints>, at: string, out: Findings): void {
  validateNames(forZones, `${at}.forZones`, labelValueErrors, out);
  validateNames(forNodes, `${at}.forNodes`, dnsSubdomainErrors, out);
}

function validateNames(
  hints: readonly { readonly name: string }[],
  at: string,
  rule: (name: string) => readonly string[],
  out: Findings,
): void {
  if (hints.length > hintsLimit) return out.tooMany(at, hints.length, hintsLimit);
  const names = new Set<string>();
  for (const [index, { name }] of hints.entries()) {
    if (names.has(name)) out.duplicate(`${at}[${index}].name`, name);
    names.add(name);
    out.messages(`${at}[${index}].name`, name, rule(name));
  }
}
