import {
  cidrContains,
  invalidField,
  newInternalError,
  newInvalid,
  parseCidr,
  parseIp,
  type FieldError,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { isAbout, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";
import { Pool } from "./pool.ts";
import {
  addressesOf,
  needsClusterIp,
  needsHealthPort,
  needsNodePorts,
  nodePortsOf,
  serviceSpecOf,
  type ServicePort,
  type ServiceSpec,
} from "./service-fields.ts";

export interface ServiceAllocationOptions {
  /** IPv4. Its first address is for the `kubernetes` service. Defaults to `10.96.0.0/12`. */
  readonly serviceCidr?: string;
  /** Both inclusive. Defaults to 30000–32767. */
  readonly nodePorts?: { readonly first: number; readonly last: number };
}

/** Gives services their cluster addresses and node ports, and keeps two from having the same. */
export function createServiceAllocation(options: ServiceAllocationOptions = {}): AdmissionPlugin {
  let allocation: Allocation | undefined;
  return {
    name: "ServiceAllocation",
    mutatesLast: true,
    handles: (attributes) => isAbout(attributes, "services") && attributes.operation !== "DELETE",
    mutate(attributes, environment) {
      allocation ??= new Allocation(options, environment);
      allocation.allocate(attributes);
    },
  };
}

class Allocation {
  readonly #environment: AdmissionEnvironment;
  readonly #cidr: string;
  readonly #base: number;
  readonly #size: number;
  readonly #nodePorts: { readonly first: number; readonly last: number };
  readonly #addresses: Pool;
  readonly #ports: Pool;

  constructor(options: ServiceAllocationOptions, environment: AdmissionEnvironment) {
    this.#environment = environment;
    this.#cidr = options.serviceCidr ?? "10.96.0.0/12";
    const [network = "", bits = "32"] = this.#cidr.split("/");
    const bytes = parseIp(network);
    if (bytes?.length !== 4) throw new Error(`service CIDR ${this.#cidr} is not an IPv4 CIDR`);
    this.#base = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    this.#size = 2 ** (32 - Number(bits));
    this.#nodePorts = options.nodePorts ?? { first: 30_000, last: 32_767 };
    this.#addresses = new Pool(environment.indexed("services", "clusterIP", addressesOf));
    this.#ports = new Pool(environment.indexed("services", "nodePort", nodePortsOf));
  }

  allocate(attributes: AdmissionAttributes): void {
    const object = attributes.object as UnstructuredObject;
    const spec = (object["spec"] ??= {}) as ServiceSpec;
    spec.type ??= "ClusterIP";
    const old = attributes.old === undefined ? undefined : serviceSpecOf(attributes.old);
    if (old !== undefined) keepAllocated(spec, old);
    const errors: FieldError[] = [];
    this.#allocateAddress(attributes, spec, errors);
    if (errors.length === 0) this.#allocatePorts(attributes, spec, errors);
    if (errors.length > 0) throw newInvalid({ group: "", kind: "Service" }, attributes.name, errors);
  }

  #allocateAddress(attributes: AdmissionAttributes, spec: ServiceSpec, errors: FieldError[]): void {
    if (spec.type === "ExternalName") {
      for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const) delete spec[field];
      return;
    }
    const asked = spec.clusterIP || spec.clusterIPs?.[0];
    if (asked) spec.clusterIP = asked;
    else delete spec.clusterIP;
    if (spec.clusterIPs?.length === 0) delete spec.clusterIPs;
    this.#settleFamilies(spec, errors);
    if (spec.clusterIP === "None") {
      spec.clusterIPs ??= ["None"];
      return;
    }
    const uid = uidOf(attributes);
    if (spec.clusterIP === undefined) spec.clusterIP = this.#pickAddress();
    else this.#checkAddress(spec.clusterIP, uid, errors);
    if (errors.length > 0) return;
    spec.clusterIPs ??= [spec.clusterIP];
    attributes.onSettled(this.#addresses.reserve(spec.clusterIP, uid));
  }

  /** One family, except where nothing is allocated: services without address and selector promise both. */
  #settleFamilies(spec: ServiceSpec, errors: FieldError[]): void {
    const isFree = spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
    if (isFree) {
      spec.ipFamilyPolicy ??= (spec.ipFamilies?.length ?? 0) === 1 ? "SingleStack" : "RequireDualStack";
      spec.ipFamilies ??= spec.ipFamilyPolicy === "SingleStack" ? ["IPv4"] : ["IPv4", "IPv6"];
      return;
    }
    if (spec.ipFamilyPolicy === "RequireDualStack") {
      const detail = "this cluster is not configured for dual-stack services";
      errors.push(invalidField("spec.ipFamilyPolicy", spec.ipFamilyPolicy, detail));
    }
    if (spec.ipFamilies?.includes("IPv6")) {
      errors.push(invalidField("spec.ipFamilies[0]", "IPv6", "not configured on this cluster"));
    }
    spec.ipFamilyPolicy ??= "SingleStack";
    spec.ipFamilies ??= ["IPv4"];
  }

  #pickAddress(): string {
    // Neither the network's own address, nor the first (of the `kubernetes` service), nor the last (broadcast).
    const address = this.#addresses.pick(Math.max(1, this.#size - 3), this.#environment.random, (index) =>
      formatAddress(this.#base + 2 + index),
    );
    if (address === undefined) throw newInternalError("failed to allocate a serviceIP: range is full");
    return address;
  }

  #checkAddress(address: string, uid: string, errors: FieldError[]): void {
    const cidr = parseCidr(this.#cidr);
    const bytes = parseIp(address);
    const field = "spec.clusterIPs";
    // Form and immutability are for validation.
    if (bytes === undefined || cidr === undefined || this.#addresses.isHeldBy(address, uid)) return;
    const fail = (reason: string): void => void errors.push(invalidField(field, [address], `failed to allocate IP ${address}: ${reason}`));
    if (!cidrContains(cidr, bytes)) fail(`the provided network does not match the current range`);
    else if (!this.#addresses.isFree(address, uid)) fail("provided IP is already allocated");
  }

  #allocatePorts(attributes: AdmissionAttributes, spec: ServiceSpec, errors: FieldError[]): void {
    const own = new Set<number>();
    const ports = spec.ports ?? [];
    ports.forEach((port, index) => {
      if (!port.nodePort || own.has(port.nodePort)) return;
      this.#claimPort(attributes, port.nodePort, { field: `spec.ports[${index}].nodePort`, errors });
      own.add(port.nodePort);
    });
    if (needsNodePorts(spec)) {
      for (const port of ports) if (!port.nodePort) port.nodePort = siblingPort(port, ports) ?? this.#assignPort(attributes, own);
    }
    if (!needsHealthPort(spec)) return;
    if (spec.healthCheckNodePort) this.#claimPort(attributes, spec.healthCheckNodePort, { field: "spec.healthCheckNodePort", errors });
    else spec.healthCheckNodePort = this.#assignPort(attributes, own);
  }

  #claimPort(attributes: AdmissionAttributes, nodePort: number, { field, errors }: { field: string; errors: FieldError[] }): void {
    const { first, last } = this.#nodePorts;
    if (nodePort < first || nodePort > last) {
      const detail = `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
      errors.push(invalidField(field, nodePort, detail));
    } else if (!this.#ports.isFree(String(nodePort), uidOf(attributes))) {
      errors.push(invalidField(field, nodePort, "provided port is already allocated"));
    } else {
      this.#holdPort(attributes, String(nodePort));
    }
  }

  #assignPort(attributes: AdmissionAttributes, own: Set<number>): number {
    const { first, last } = this.#nodePorts;
    const port = this.#ports.pick(last - first + 1, this.#environment.random, (index) => String(first + index));
    if (port === undefined) throw newInternalError("failed to allocate a nodePort: range is full");
    this.#holdPort(attributes, port);
    own.add(Number(port));
    return Number(port);
  }

  /** From now on others find the port taken. */
  #holdPort(attributes: AdmissionAttributes, port: string): void {
    attributes.onSettled(this.#ports.reserve(port, uidOf(attributes)));
  }
}

/** The node port of the same port under another protocol: both get one number. */
function siblingPort(port: ServicePort, ports: readonly ServicePort[]): number | undefined {
  return ports.find((each) => each.port === port.port && each.protocol !== port.protocol && each.nodePort)?.nodePort;
}

/** New objects have theirs before plug-ins run. */
function uidOf(attributes: AdmissionAttributes): string {
  return attributes.object?.metadata.uid ?? "";
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** What an update leaves out stays as it was allocated, as long as the type still has it. */
function keepAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && needsClusterIp(spec)) {
    if (!spec.clusterIP && old.clusterIP !== undefined) spec.clusterIP = old.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP && old.clusterIPs !== undefined) spec.clusterIPs = [...old.clusterIPs];
    if (!spec.ipFamilies?.length && old.ipFamilies !== undefined) spec.ipFamilies = [...old.ipFamilies];
    if (!spec.ipFamilyPolicy && old.ipFamilyPolicy !== undefined) spec.ipFamilyPolicy = old.ipFamilyPolicy;
  }
  if (needsNodePorts(old) && needsNodePorts(spec)) {
    for (const port of spec.ports ?? []) {
      const same = old.ports?.find((each) => each.port === port.port && (each.protocol ?? "TCP") === (port.protocol ?? "TCP"));
      if (!port.nodePort && same?.nodePort !== undefined) port.nodePort = same.nodePort;
    }
  } else if (needsNodePorts(old)) {
    dropNodePorts(spec, old);
  }
  if (needsHealthPort(old) && needsHealthPort(spec)) spec.healthCheckNodePort ||= old.healthCheckNodePort ?? 0;
  else if (needsHealthPort(old) && spec.healthCheckNodePort === old.healthCheckNodePort) delete spec.healthCheckNodePort;
}

/** A type without node ports gives back those that the client merely sent along. */
function dropNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const before = new Set(old.ports?.map(({ nodePort }) => nodePort));
  for (const port of spec.ports ?? []) if (before.has(port.nodePort)) delete port.nodePort;
}
