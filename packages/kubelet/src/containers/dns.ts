import type { Pod } from "@coracle/api";

export interface DnsContext {
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's own resolv.conf. */
  readonly host: DnsConfig;
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

const maxServers = 3;
const maxSearches = 32;

/** What stands in a pod's resolv.conf, by its DNS policy and DNS config. */
export function podDns(pod: Pod, context: DnsContext): { servers: string[]; searches: string[]; options: string[] } {
  const { servers, searches, options } = policyDns(pod, context);
  const custom = pod.spec?.dnsConfig;
  const named = new Map(options.map((option) => [option.split(":")[0] ?? "", option]));
  for (const { name = "", value } of custom?.options ?? [])
    named.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  return {
    servers: [...new Set([...servers, ...(custom?.nameservers ?? [])])].slice(0, maxServers),
    searches: [...new Set([...searches, ...(custom?.searches ?? [])])].slice(0, maxSearches),
    options: [...named.values()],
  };
}

function policyDns(pod: Pod, { clusterDns, clusterDomain, host }: DnsContext): DnsConfig {
  const { dnsPolicy = "ClusterFirst", hostNetwork = false } = pod.spec ?? {};
  if (dnsPolicy === "None") return { servers: [], searches: [], options: [] };
  const isCluster = dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
  if (!isCluster || clusterDns.length === 0) return host;
  const cluster = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return { servers: clusterDns, searches: [...cluster, ...host.searches], options: ["ndots:5"] };
}

/** Reads the text of a resolv.conf. */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && values[0] !== undefined) servers.push(values[0]);
    if (keyword === "search") searches = values.filter((value) => value !== ".");
    if (keyword === "options") options = values;
  }
  return { servers, searches, options };
}

/** The hostname of a pod: `spec.hostname` or its name, at most 63 characters. */
export function podHostname(pod: Pod): string {
  const name = pod.spec?.hostname || pod.metadata.name || "";
  return name.slice(0, 63).replace(/[-.]+$/, "");
}

/** The pod's name in cluster DNS when it has a subdomain. */
export function podFqdn(pod: Pod, clusterDomain: string): string | undefined {
  const subdomain = pod.spec?.subdomain;
  if (subdomain === undefined || subdomain === "") return undefined;
  return `${podHostname(pod)}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`;
}

/** The text of a pod's /etc/hosts. */
export function hostsFile(pod: Pod, ips: readonly string[], clusterDomain: string): string {
  const lines = [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
  ];
  const names = [podFqdn(pod, clusterDomain), podHostname(pod)].filter((name) => name !== undefined).join("\t");
  for (const ip of ips) lines.push(`${ip}\t${names}`);
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length > 0) lines.push("", "# Entries added by HostAliases.");
  for (const { ip, hostnames = [] } of aliases) lines.push([ip, ...hostnames].join("\t"));
  return `${lines.join("\n")}\n`;
}
