/**
 * `@coracle/network`: makes Services reachable and findable on a node with real containers. It answers to kube-proxy and CoreDNS.
 *
 * The tour: `proxy/model.ts` computes routes from Services and EndpointSlices, `proxy/ruleset.ts` turns them into nftables rules and
 * the difference between two rulesets into one transaction, `proxy/service-proxy.ts` follows the API and applies it. `dns/records.ts`
 * answers a question from the API's objects, `dns/cluster-dns.ts` speaks the protocol, `dns/forward.ts` asks outside.
 *
 * ```ts
 * const proxy = createServiceProxy({ client, clock, log, nodeName, clusterCidr: "10.244.0.0/16", table: "coracle" });
 * await proxy.start();
 * ```
 */
export { createServiceProxy, type ServiceProxy, type ServiceProxyOptions } from "./proxy/service-proxy.ts";
export { createClusterDns, type ClusterDns, type ClusterDnsOptions } from "./dns/cluster-dns.ts";
export { publishDnsService, type DnsServiceOptions } from "./dns/dns-service.ts";
export { parseResolvers } from "./dns/forward.ts";
