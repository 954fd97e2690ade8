import type { LifecycleHandler, Probe } from "@coracle/api";
import { containersOf, named, plural, quoted, settersWhere, sorted, type Check, type CheckedPod, type Finding } from "../check.ts";

function hostNamespaces({ spec }: CheckedPod): Finding | undefined {
  const used = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field] === true);
  if (used.length === 0) return undefined;
  return { reason: "host namespaces", detail: used.map((field) => `${field}=true`).join(", ") };
}

function hostPorts(pod: CheckedPod): Finding | undefined {
  const bad = containersOf(pod).filter(({ ports = [] }) => ports.some(({ hostPort }) => hostPort));
  if (bad.length === 0) return undefined;
  const ports = sorted(bad.flatMap((container) => container.ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : [])));
  const who = bad.map(({ name }) => name);
  return { reason: "hostPort", detail: `${named("container", who)} ${uses(who)} ${plural("hostPort", ports)} ${ports.join(", ")}` };
}

function uses(items: readonly unknown[]): string {
  return items.length === 1 ? "uses" : "use";
}

/** Probes and hooks reach other machines by these. */
function hostProbes(pod: CheckedPod): Finding | undefined {
  const bad = containersOf(pod)
    .map((container) => ({ name: container.name, hosts: probedHosts(container) }))
    .filter(({ hosts }) => hosts.length > 0);
  if (bad.length === 0) return undefined;
  const [who, hosts] = [sorted(bad.map(({ name }) => name)), sorted(bad.flatMap((each) => each.hosts))];
  const reason = "probe or lifecycle host";
  return { reason, detail: `${named("container", who)} ${uses(who)} ${plural(reason, hosts)} ${quoted(hosts)}` };
}

function probedHosts(container: ReturnType<typeof containersOf>[number]): string[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  const handlers: (Probe | LifecycleHandler | null | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return handlers.flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host]).flatMap((host) => (host ? [host] : []));
}

function hostProcess(pod: CheckedPod): Finding | undefined {
  const setters = settersWhere(pod, ({ windowsOptions }) => windowsOptions?.hostProcess === true);
  if (setters.length === 0) return undefined;
  return { reason: "hostProcess", detail: `${setters.join(" and ")} must not set securityContext.windowsOptions.hostProcess=true` };
}

const safeSysctls = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_syncookies",
]);
const safeSysctls27 = new Set([...safeSysctls, "net.ipv4.ip_local_reserved_ports"]);
const keepalive = ["time", "intvl", "probes"].map((part) => `net.ipv4.tcp_keepalive_${part}`);
const safeSysctls29 = new Set([...safeSysctls27, ...keepalive, "net.ipv4.tcp_fin_timeout"]);
const safeSysctls32 = new Set([...safeSysctls29, "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"]);

function sysctls(safe: ReadonlySet<string>): (pod: CheckedPod) => Finding | undefined {
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safe.has(name));
    return bad.length === 0 ? undefined : { reason: "forbidden sysctls", detail: bad.join(", ") };
  };
}

/** What reaches from a pod into its node. */
export const hostChecks: readonly Check[] = [
  { id: "hostNamespaces", level: "baseline", revisions: [{ since: 0, check: hostNamespaces }] },
  { id: "hostPorts", level: "baseline", revisions: [{ since: 0, check: hostPorts }] },
  { id: "hostProbesAndHostLifecycle", level: "baseline", revisions: [{ since: 34, check: hostProbes }] },
  { id: "windowsHostProcess", level: "baseline", revisions: [{ since: 0, check: hostProcess }] },
  {
    id: "sysctls",
    level: "baseline",
    revisions: [
      { since: 0, check: sysctls(safeSysctls) },
      { since: 27, check: sysctls(safeSysctls27) },
      { since: 29, check: sysctls(safeSysctls29) },
      { since: 32, check: sysctls(safeSysctls32) },
    ],
  },
];
