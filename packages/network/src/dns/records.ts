import type { EndpointSlice, Service } from "@coracle/api";

/** What the cluster's zone is made of. */
export interface ZoneSource {
  service(namespace: string, name: string): Service | undefined;
  hasNamespace(namespace: string): boolean;
  slices(serviceKey: string): readonly EndpointSlice[];
  /** Service or endpoint name by address, for reverse look-ups. */
  nameOf(address: string): string | undefined;
}

export type DnsAnswer =
  | { readonly type: "A"; readonly name: string; readonly data: string }
  | { readonly type: "CNAME" | "PTR" | "NS"; readonly name: string; readonly data: string }
  | { readonly type: "SOA"; readonly name: string; readonly data: StartOfAuthority }
  | { readonly type: "SRV"; readonly name: string; readonly data: { port: number; target: string; priority: number; weight: number } };

export interface Resolution {
  readonly rcode: "NOERROR" | "NXDOMAIN";
  readonly answers: readonly DnsAnswer[];
  readonly additionals: readonly DnsAnswer[];
}

/** Times are in seconds. */
export interface StartOfAuthority {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

const none: Resolution = { rcode: "NXDOMAIN", answers: [], additionals: [] };
const empty: Resolution = { rcode: "NOERROR", answers: [], additionals: [] };

/**
 * Answers a question about the cluster's zone, after the Kubernetes DNS specification 1.1.0; undefined when the name is outside of it.
 * `name` may be of any case and end with a dot.
 */
export function resolveName(name: string, type: string, zone: string, source: ZoneSource): Resolution | undefined {
  const lower = name.toLowerCase().replace(/\.$/, "");
  if (lower.endsWith(".in-addr.arpa")) return resolveReverse(lower, type, source);
  if (lower !== zone && !lower.endsWith(`.${zone}`)) return undefined;
  const labels = lower === zone ? [] : lower.slice(0, -zone.length - 1).split(".");
  const kind = labels.at(-1);
  if (kind === undefined) return resolveApex(type, zone);
  const rest = labels.slice(0, -1);
  if (kind === "svc") return resolveService({ rest, lower, type, zone }, source);
  if (kind === "pod") return resolvePod(rest, lower, type, source);
  return none;
}

/** The zone itself has a name server, whose address nobody asks for, and a description, which {@link authorityOf} gives. */
function resolveApex(type: string, zone: string): Resolution {
  return type === "NS" || type === "ANY" ? { ...empty, answers: [{ type: "NS", name: zone, data: nameServer(zone) }] } : empty;
}

const nameServer = (zone: string): string => `ns.dns.${zone}`;

/** How long answers may be kept, in seconds. */
export const ttlSeconds = 5;

/** The record that lets resolvers remember for a moment that something is not there (RFC 2308), as CoreDNS words it. */
export function authorityOf(zone: string, serial: number): DnsAnswer {
  const data = {
    mname: nameServer(zone),
    rname: `hostmaster.${zone}`,
    serial,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttlSeconds,
  };
  return { type: "SOA", name: zone, data };
}

/** Longer chains of names are loops, or meant to be tiresome. */
const chainLimit = 8;

export interface Chain extends Resolution {
  /** A name outside of the zone that the last answer leads to. */
  readonly outside?: string;
}

/** As {@link resolveName}; names that an ExternalName service leads to are followed within the zone. */
export function resolveChain(name: string, type: string, zone: string, source: ZoneSource): Chain | undefined {
  const first = resolveName(name, type, zone, source);
  if (first === undefined || type === "CNAME") return first;
  let chain = first;
  for (let length = 0; length < chainLimit; length++) {
    const last = chain.answers.at(-1);
    if (last?.type !== "CNAME") return chain;
    const next = resolveName(last.data, type, zone, source);
    if (next === undefined) return { ...chain, outside: last.data };
    chain = { rcode: next.rcode, answers: [...chain.answers, ...next.answers], additionals: next.additionals };
    if (next.answers.length === 0) return chain;
  }
  return chain;
}

interface Question {
  /** Labels before `svc`. */
  readonly rest: readonly string[];
  readonly lower: string;
  readonly type: string;
  readonly zone: string;
}

function resolveService({ rest, lower, type, zone }: Question, source: ZoneSource): Resolution {
  const namespace = rest.at(-1);
  if (namespace === undefined) return empty;
  if (!source.hasNamespace(namespace)) return none;
  const serviceName = rest.at(-2);
  if (serviceName === undefined) return empty;
  const service = source.service(namespace, serviceName);
  if (service === undefined) return none;
  const base = `${serviceName}.${namespace}.svc.${zone}`;
  const before = rest.slice(0, -2);
  if (service.spec?.type === "ExternalName") {
    if (before.length > 0) return none;
    return { ...empty, answers: [{ type: "CNAME", name: lower, data: service.spec.externalName ?? "" }] };
  }
  if (before.length === 2 && before.every((label) => label.startsWith("_"))) {
    return resolvePort(
      { name: lower, type, port: (before[0] ?? "").slice(1), protocol: (before[1] ?? "").slice(1) },
      service,
      base,
      source,
    );
  }
  if (before.length > 1) return none;
  const addresses =
    before.length === 0
      ? addressesOf(service, source)
      : endpointAddresses(service, source)
          .filter((entry) => entry.label === before[0])
          .map((entry) => entry.ip);
  if (addresses.length === 0) return before.length === 0 ? empty : none;
  if (type !== "A" && type !== "ANY") return empty;
  return { ...empty, answers: addresses.map((data) => ({ type: "A", name: lower, data })) };
}

function addressesOf(service: Service, source: ZoneSource): string[] {
  const clusterIP = service.spec?.clusterIP ?? "";
  if (clusterIP !== "" && clusterIP !== "None") return [clusterIP];
  return [...new Set(endpointAddresses(service, source).map((entry) => entry.ip))];
}

interface NamedEndpoint {
  readonly ip: string;
  /** The endpoint's hostname, or its address with dashes. */
  readonly label: string;
  readonly slice: EndpointSlice;
}

function endpointAddresses(service: Service, source: ZoneSource): NamedEndpoint[] {
  const publishesAll = service.spec?.publishNotReadyAddresses === true;
  return source
    .slices(`${service.metadata.namespace}/${service.metadata.name}`)
    .flatMap((slice) =>
      slice.addressType !== "IPv4"
        ? []
        : (slice.endpoints ?? [])
            .filter((endpoint) => publishesAll || (endpoint.conditions?.ready ?? true))
            .flatMap((endpoint) => endpoint.addresses.map((ip) => ({ ip, label: endpoint.hostname ?? ip.replaceAll(".", "-"), slice }))),
    );
}

function resolvePort(
  question: { name: string; type: string; port: string; protocol: string },
  service: Service,
  base: string,
  source: ZoneSource,
): Resolution {
  const { name, type, protocol } = question;
  const port = service.spec?.ports?.find(
    (entry) => entry.name?.toLowerCase() === question.port && (entry.protocol ?? "TCP").toLowerCase() === protocol,
  );
  if (port === undefined) return none;
  if (type !== "SRV" && type !== "ANY") return empty;
  const clusterIP = service.spec?.clusterIP ?? "";
  if (clusterIP !== "" && clusterIP !== "None") {
    return {
      ...empty,
      answers: [{ type: "SRV", name, data: { port: port.port, target: base, priority: 0, weight: 100 } }],
      additionals: [{ type: "A", name: base, data: clusterIP }],
    };
  }
  const endpoints = endpointAddresses(service, source);
  const weight = Math.max(1, Math.floor(100 / Math.max(1, endpoints.length)));
  return {
    rcode: "NOERROR",
    answers: endpoints.map(({ label, slice }) => {
      const number = slice.ports?.find((entry) => entry.name === port.name)?.port ?? port.port;
      return { type: "SRV", name, data: { port: number, target: `${label}.${base}`, priority: 0, weight } };
    }),
    additionals: endpoints.map(({ ip, label }) => ({ type: "A", name: `${label}.${base}`, data: ip })),
  };
}

/** `10-244-0-5.namespace.pod.zone` is 10.244.0.5, whether or not there is such a pod (as CoreDNS' `pods insecure`). */
function resolvePod(rest: readonly string[], name: string, type: string, source: ZoneSource): Resolution {
  const [dashed, namespace] = rest;
  if (namespace === undefined || rest.length > 2 || dashed === undefined || !source.hasNamespace(namespace)) return none;
  const data = dashed.replaceAll("-", ".");
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(data) && data.split(".").every((part) => Number(part) < 256);
  if (!isAddress) return none;
  return type === "A" || type === "ANY" ? { ...empty, answers: [{ type: "A", name, data }] } : empty;
}

/** Addresses of the cluster are answered; others are left to the resolvers outside. */
function resolveReverse(name: string, type: string, source: ZoneSource): Resolution | undefined {
  const address = name
    .replace(/\.in-addr\.arpa$/, "")
    .split(".")
    .reverse()
    .join(".");
  const data = source.nameOf(address);
  if (data === undefined) return undefined;
  return type === "PTR" || type === "ANY" ? { ...empty, answers: [{ type: "PTR", name, data }] } : empty;
}
