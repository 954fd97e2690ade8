import { createHash } from "node:crypto";
import type { ServiceRoute } from "./model.ts";

/** What must be in the table: chains by name with their rules, and the elements of its maps and sets. */
export interface Ruleset {
  readonly chains: ReadonlyMap<string, string>;
  /** Sets that chains refer to, by name, with their declaration. */
  readonly affinitySets: ReadonlyMap<string, string>;
  readonly elements: Readonly<Record<ElementMap, ReadonlyMap<string, string>>>;
}

export type ElementMap = "service_ips" | "service_nodeports" | "no_endpoint_ips" | "no_endpoint_nodeports";

export interface RulesetOptions {
  /** The pods' range; traffic from elsewhere to a service is masqueraded, so that the answer comes back this way. */
  readonly clusterCidr: string;
  /** Masquerades traffic between pods too; needed where bridged packets do not pass the IP hooks. */
  readonly masqueradeAll: boolean;
}

/** The packet mark that asks for masquerading; kube-proxy's bit. */
const mark = "0x4000";

/** Rules for `routes`. Pure. A chain's name holds a hash of what it is for, so that names stay stable and short. */
export function buildRuleset(routes: readonly ServiceRoute[], options: RulesetOptions): Ruleset {
  const chains = new Map<string, string>();
  const affinitySets = new Map<string, string>();
  const elements = {
    service_ips: new Map<string, string>(),
    service_nodeports: new Map<string, string>(),
    no_endpoint_ips: new Map<string, string>(),
    no_endpoint_nodeports: new Map<string, string>(),
  };
  for (const route of routes) {
    const addressKeys = route.addresses.map((address) => `${address} . ${route.protocol} . ${route.port}`);
    const nodePortKey = route.nodePort === undefined ? undefined : `${route.protocol} . ${route.nodePort}`;
    if (route.endpoints.length === 0) {
      for (const key of addressKeys) elements.no_endpoint_ips.set(key, "");
      if (nodePortKey !== undefined) elements.no_endpoint_nodeports.set(nodePortKey, "");
      continue;
    }
    const service = addServiceChain(route, options, chains, affinitySets);
    for (const key of addressKeys) elements.service_ips.set(key, `goto ${service}`);
    if (nodePortKey === undefined) continue;
    const external = `ext_${service}`;
    chains.set(external, `${route.keepsSource ? "" : `meta mark set meta mark or ${mark}\n`}goto ${service}`);
    elements.service_nodeports.set(nodePortKey, `goto ${external}`);
  }
  return { chains, affinitySets, elements };
}

function addServiceChain(
  route: ServiceRoute,
  options: RulesetOptions,
  chains: Map<string, string>,
  affinitySets: Map<string, string>,
): string {
  const name = `svc_${digest(`${route.id}/${route.protocol}`)}`;
  const lines = [
    options.masqueradeAll ? `meta mark set meta mark or ${mark}` : `ip saddr != ${options.clusterCidr} meta mark set meta mark or ${mark}`,
  ];
  const targets = route.endpoints.map((endpoint) => {
    const chain = `ep_${digest(`${route.id}/${route.protocol}/${endpoint.ip}:${endpoint.port}`)}`;
    // A pod that reaches itself through its service must not see its own address as the source.
    const rules = [`ip saddr ${endpoint.ip} meta mark set meta mark or ${mark}`];
    if (route.affinitySeconds !== undefined) {
      const set = `aff_${chain.slice(3)}`;
      affinitySets.set(set, `type ipv4_addr; flags dynamic, timeout; timeout ${route.affinitySeconds}s;`);
      lines.push(`ip saddr @${set} goto ${chain}`);
      rules.push(`update @${set} { ip saddr }`);
    }
    rules.push(`meta l4proto ${route.protocol} dnat to ${endpoint.ip}:${endpoint.port}`);
    chains.set(chain, rules.join("\n"));
    return chain;
  });
  lines.push(
    targets.length === 1
      ? `goto ${targets[0]}`
      : `numgen random mod ${targets.length} vmap { ${targets.map((target, index) => `${index} : goto ${target}`).join(", ")} }`,
  );
  chains.set(name, lines.join("\n"));
  return name;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

export const emptyRuleset: Ruleset = {
  chains: new Map(),
  affinitySets: new Map(),
  elements: { service_ips: new Map(), service_nodeports: new Map(), no_endpoint_ips: new Map(), no_endpoint_nodeports: new Map() },
};

/** The script that makes the table, replacing what an earlier process left. */
export function baseScript(table: string, clusterCidr: string): string {
  return `add table ip ${table}
delete table ip ${table}
table ip ${table} {
  map service_ips { type ipv4_addr . inet_proto . inet_service : verdict; }
  map service_nodeports { type inet_proto . inet_service : verdict; }
  set no_endpoint_ips { type ipv4_addr . inet_proto . inet_service; }
  set no_endpoint_nodeports { type inet_proto . inet_service; }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service_ips
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service_nodeports
  }
  chain refuse {
    ip daddr . meta l4proto . th dport @no_endpoint_ips reject
    fib daddr type local meta l4proto . th dport @no_endpoint_nodeports reject
  }
  chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain output { type nat hook output priority -100; policy accept; jump services; }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark & ${mark} == ${mark} meta mark set meta mark xor ${mark} masquerade fully-random
    ip saddr ${clusterCidr} ip daddr != ${clusterCidr} fib daddr type != local masquerade
  }
  chain filter_input { type filter hook input priority -10; policy accept; ct state new jump refuse; }
  chain filter_forward { type filter hook forward priority -10; policy accept; ct state new jump refuse; }
  chain filter_output { type filter hook output priority -10; policy accept; ct state new jump refuse; }
}
`;
}

/** The transaction that turns `before` into `after`; empty when they are equal. nft applies it as a whole or not at all. */
export function changeScript(table: string, before: Ruleset, after: Ruleset): string {
  const lines: string[] = [];
  for (const [name, declaration] of after.affinitySets)
    if (before.affinitySets.get(name) !== declaration) lines.push(`add set ip ${table} ${name} { ${declaration} }`);
  const changed = [...after.chains].filter(([name, rules]) => before.chains.get(name) !== rules);
  // All chains first, since rules go to one another; rules after, since elements lead to them.
  for (const [name] of changed) lines.push(`add chain ip ${table} ${name}`, `flush chain ip ${table} ${name}`);
  for (const [name, rules] of changed) for (const rule of rules.split("\n")) lines.push(`add rule ip ${table} ${name} ${rule}`);
  for (const map of Object.keys(after.elements) as ElementMap[]) lines.push(...elementChanges(table, map, before, after));
  const gone = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  for (const name of gone) lines.push(`flush chain ip ${table} ${name}`);
  for (const name of gone) lines.push(`delete chain ip ${table} ${name}`);
  for (const name of before.affinitySets.keys()) if (!after.affinitySets.has(name)) lines.push(`delete set ip ${table} ${name}`);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function elementChanges(table: string, map: ElementMap, before: Ruleset, after: Ruleset): string[] {
  const old = before.elements[map];
  const next = after.elements[map];
  const removed = [...old].filter(([key, value]) => next.get(key) !== value).map(([key]) => key);
  const added = [...next]
    .filter(([key, value]) => old.get(key) !== value)
    .map(([key, value]) => (value === "" ? key : `${key} : ${value}`));
  return [
    ...(removed.length === 0 ? [] : [`delete element ip ${table} ${map} { ${removed.join(", ")} }`]),
    ...(added.length === 0 ? [] : [`add element ip ${table} ${map} { ${added.join(", ")} }`]),
  ];
}
