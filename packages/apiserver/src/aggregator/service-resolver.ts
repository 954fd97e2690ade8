import type { Random } from "@coracle/base";
import type { EndpointSlice, Service } from "@coracle/api";

/** Where somebody listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What there is to know about a service. */
export interface ServiceLookup {
  service(namespace: string, name: string): Readonly<Service> | undefined;
  slices(namespace: string, name: string): readonly Readonly<EndpointSlice>[];
}

export interface ServiceTarget {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/**
 * Finds the addresses behind services. Connections are made from this server's machine, which need not route cluster IPs: so the ready
 * endpoints are taken, as upstream does with aggregator routing turned on. A name outside is taken as it is.
 */
export class ServiceResolver {
  readonly #lookup: ServiceLookup;
  readonly #random: Random;
  readonly #own: () => Address;

  /** `own` is the address of this server, which is `default/kubernetes`. */
  constructor(lookup: ServiceLookup, random: Random, own: () => Address) {
    this.#lookup = lookup;
    this.#random = random;
    this.#own = own;
  }

  /** One address. @throws when there is none. */
  resolve(target: ServiceTarget): Address {
    const all = this.resolveAll(target);
    return all[Math.floor(this.#random.next() * all.length)] as Address;
  }

  /** All ready addresses of the preferred family that has some, at least one. @throws when there is none. */
  resolveAll({ namespace, name, port }: ServiceTarget): readonly Address[] {
    if (namespace === "default" && name === "kubernetes" && port === 443) return [this.#own()];
    const service = this.#lookup.service(namespace, name);
    if (service === undefined) throw new Error(`service ${JSON.stringify(name)} not found`);
    const { type = "ClusterIP", externalName = "", ports = [], ipFamilies = [] } = service.spec ?? {};
    if (type === "ExternalName") return [{ host: externalName, port }];
    const served = ports.find((each) => each.port === port);
    if (served === undefined) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
    const slices = this.#lookup.slices(namespace, name);
    const preferred = slices.filter(({ addressType }) => addressType === ipFamilies[0]);
    for (const candidates of [preferred, slices]) {
      const addresses = candidates.flatMap((slice) => readyAddresses(slice, served.name ?? ""));
      if (addresses.length > 0) return addresses;
    }
    throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  }
}

function readyAddresses(slice: Readonly<EndpointSlice>, portName: string): Address[] {
  const port = slice.ports?.find((each) => (each.name ?? "") === portName)?.port;
  if (port === undefined) return [];
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => (addresses[0] === undefined ? [] : [{ host: addresses[0], port }]));
}
