import type { EndpointSlice } from "@coracle/api";
import { hostAndPort } from "../proxy/dial-error.ts";
import type { Condition } from "./api-service.ts";
import { BackendError } from "./backend.ts";
import type { RemoteApi } from "./remote-api.ts";
import type { Address, ServiceLookup } from "./service-resolver.ts";

/** Who looks whether a server is there. */
const prober = { name: "system:kube-aggregator", groups: ["system:masters"] };
const probeTimeoutMs = 5000;
/** One that answers is enough. */
const maxProbes = 5;

/**
 * Whether an extension API server can be used: its service, its endpoints, and whether one of them answers discovery. The words are
 * those of kube-aggregator 1.36.
 */
export async function checkAvailability(remote: RemoteApi, lookup: ServiceLookup): Promise<Condition> {
  return checkService(remote, lookup) ?? (await probe(remote));
}

function checkService(remote: RemoteApi, lookup: ServiceLookup): Condition | undefined {
  const { namespace, name, port } = remote.target;
  const subject = `service/${name} in ${JSON.stringify(namespace)}`;
  const failed = (reason: string, message: string): Condition => ({ status: "False", reason, message });
  const service = lookup.service(namespace, name);
  if (service === undefined) return failed("ServiceNotFound", `${subject} is not present`);
  if ((service.spec?.type ?? "ClusterIP") !== "ClusterIP") return undefined;
  const served = service.spec?.ports?.find((each) => each.port === port);
  if (served === undefined) return failed("ServicePortError", `${subject} is not listening on port ${port}`);
  const slices = lookup.slices(namespace, name);
  if (slices.length === 0) return failed("EndpointsNotFound", `cannot find endpointslices for ${subject}`);
  const portName = served.name ?? "";
  if (slices.some((slice) => hasReadyEndpoint(slice, portName))) return undefined;
  return failed("MissingEndpoints", `endpointslices for ${subject} have no addresses with port name ${JSON.stringify(portName)}`);
}

function hasReadyEndpoint(slice: Readonly<EndpointSlice>, portName: string): boolean {
  const isReady = slice.endpoints?.some(({ conditions }) => conditions?.ready !== false) ?? false;
  return isReady && (slice.ports?.some(({ name = "", port }) => name === portName && port !== undefined) ?? false);
}

async function probe(remote: RemoteApi): Promise<Condition> {
  try {
    await Promise.any(
      remote
        .resolveAll()
        .slice(0, maxProbes)
        .map((address) => probeAddress(remote, address)),
    );
  } catch (error) {
    const last = (error instanceof AggregateError ? error.errors.at(-1) : error) as Error;
    return { status: "False", reason: "FailedDiscoveryCheck", message: last.message };
  }
  return { status: "True", reason: "Passed", message: "all checks passed" };
}

async function probeAddress(remote: RemoteApi, address: Address): Promise<void> {
  const path = remote.group === "" ? `/api/${remote.version}` : `/apis/${remote.group}/${remote.version}`;
  const url = `https://${hostAndPort(address)}${path}`;
  const failure = (cause: string): Error => new Error(`failing or missing response from ${url}: ${cause}`);
  let status = 0;
  try {
    ({ status } = await remote.fetch(path, { user: prober, timeoutMs: probeTimeoutMs, address }));
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    throw failure(`Get ${JSON.stringify(url)}: ${error.message}`);
  }
  if (status < 200 || status >= 300) throw failure(`bad status from ${url}: ${status}`);
}
