import type { Node } from "@coracle/api";

const addressTypes = ["InternalIP", "ExternalIP", "Hostname", "InternalDNS", "ExternalDNS"];
const defaultPort = 10_250;

/** Where the kubelet of a node listens, as the node says; undefined when it has no address. */
export function kubeletAddressOf({ status }: Pick<Node, "status">): { readonly host: string; readonly port: number } | undefined {
  const { addresses = [], daemonEndpoints } = status ?? {};
  for (const wanted of addressTypes) {
    const host = addresses.find(({ type }) => type === wanted)?.address;
    if (host !== undefined) return { host, port: daemonEndpoints?.kubeletEndpoint?.Port ?? defaultPort };
  }
  return undefined;
}
