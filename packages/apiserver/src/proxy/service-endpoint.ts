import type { Random } from "@coracle/base";
import { newServiceUnavailable, type KubeObject } from "@coracle/apimachinery";
import type { Registry, RequestContext } from "../registry/contract.ts";
import type { RequestName } from "./request-name.ts";

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean };
  readonly targetRef?: { readonly kind?: string; readonly name?: string; readonly namespace?: string };
}

interface Slice extends KubeObject {
  readonly endpoints?: readonly Endpoint[] | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

interface Service extends KubeObject {
  readonly spec?: { readonly ports?: readonly { readonly name?: string; readonly port: number }[] };
}

/** A pod that may stand for a service. */
export interface Candidate {
  readonly address: string;
  readonly pod: string;
  readonly port: number;
}

export interface EndpointSource {
  readonly registry: Registry;
  readonly random: Random;
}

/**
 * The ready pods behind a port of a service, in random order. Endpoints that are no pods are left out, as upstream leaves them out: whoever
 * may write endpoints could lead others anywhere. @throws {StatusError} 404, 503
 */
export async function serviceEndpoints(
  { registry, random }: EndpointSource,
  context: RequestContext,
  { namespace, name, port, text }: { namespace: string; text: string } & Pick<RequestName, "name" | "port">,
): Promise<Candidate[]> {
  const common = { version: "v1", namespace, subresource: "" };
  const { object } = await registry.get(context, { ...common, group: "", resource: "services", name }, {});
  const portName = nameOfPort(object as unknown as Service, port);
  const { items } = await registry.list(
    context,
    { ...common, group: "discovery.k8s.io", resource: "endpointslices", name: "" },
    { labelSelector: `kubernetes.io/service-name=${name}`, resourceVersion: "0" },
  );
  const slices = items.map((item) => item.object as unknown as Slice);
  if (!slices.some(({ endpoints }) => (endpoints ?? []).length > 0)) throw unavailable(name);
  const found = slices.flatMap((slice) => candidatesOf(slice, portName));
  if (found.length === 0) throw unavailable(text);
  const start = Math.floor(random.next() * found.length);
  return [...found.slice(start), ...found.slice(0, start)];
}

export function unavailable(service: string): Error {
  return newServiceUnavailable(`no endpoints available for service ${JSON.stringify(service)}`);
}

/** Endpoints know ports by name; the empty one is the only port's that has none. */
function nameOfPort({ metadata, spec }: Service, port: string): string {
  if (!/^[-+]?\d+$/.test(port)) return port;
  const found = (spec?.ports ?? []).find((each) => each.port === Number(port));
  if (found === undefined)
    throw newServiceUnavailable(`no service port ${Number(port)} found for service ${JSON.stringify(metadata.name)}`);
  return found.name ?? "";
}

function candidatesOf({ endpoints, ports }: Slice, portName: string): Candidate[] {
  const port = ports?.find((each) => (each.name ?? "") === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? []).flatMap(({ addresses, conditions, targetRef }) => {
    const [address] = addresses;
    if (address === undefined || conditions?.ready === false || targetRef?.kind !== "Pod") return [];
    return [{ address, pod: targetRef.name ?? "", port }];
  });
}
